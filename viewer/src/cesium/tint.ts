/** The colour of each object of a layer: picked, hovered, or by an attribute; white leaves it as it is. */
import { type Cesium3DTileFeature, Cesium3DTileStyle, Color } from '@cesium/engine';
import { paler } from '../energy/colours';
import type { Classifier } from '../layers/classify';
import { linear } from './matter';

export const PICKED = '#ffa21f';
export const HOVERED = '#ffd08a';

export interface TintRule {
  highlighted: ReadonlySet<string>;
  opacity: number;
  attribute: string | null;
  /** Values by object id that stand in for the attribute. */
  values: ReadonlyMap<string, number> | null;
  classifier: Classifier | null;
  /** Ids of objects whose values rest on guesses; their colours are paler. */
  guessed: ReadonlySet<string> | null;
  /** Ids of objects that are not shown. */
  hidden: ReadonlySet<string>;
}

const cache = new Map<string, Color>();

/** Tints are stored linear, as the shader works in linear light. */
function tint(hex: string): Color {
  let colour = cache.get(hex);
  if (!colour) {
    colour = new Color(...linear(hex), 1);
    cache.set(hex, colour);
  }
  return colour;
}

export function tintOf(rule: TintRule, feature: Cesium3DTileFeature, result: Color): Color {
  let colour = Color.WHITE;
  if (rule.highlighted.size > 0 && rule.highlighted.has(String(feature.getProperty('id')))) {
    colour = tint(PICKED);
  } else if (rule.attribute !== null && rule.classifier) {
    const { values, attribute, guessed } = rule;
    const value: unknown = values
      ? values.get(String(feature.getProperty('id')))
      : feature.getProperty(attribute);
    const hex = rule.classifier.colour(value);
    colour = tint(guessed?.has(String(feature.getProperty('id'))) ? paler(hex) : hex);
  }
  return Color.fromAlpha(colour, rule.opacity, result);
}

export const hoverTint = (opacity: number) => Color.fromAlpha(tint(HOVERED), opacity);

/** A tileset style for the rule, or undefined if it leaves every object as it is. */
export function styleFor(rule: TintRule): Cesium3DTileStyle | undefined {
  const plain = rule.highlighted.size === 0 && rule.attribute === null && rule.opacity >= 1;
  if (plain && rule.hidden.size === 0) return undefined;
  const style = new Cesium3DTileStyle();
  style.color = {
    evaluateColor: (feature: Cesium3DTileFeature, result: Color) => tintOf(rule, feature, result),
    evaluate: (feature: Cesium3DTileFeature, result: Color) => tintOf(rule, feature, result),
    getShaderFunction: () => undefined,
    getVariables: () => [],
  } as unknown as Cesium3DTileStyle['color'];
  if (rule.hidden.size > 0) {
    style.show = {
      evaluate: (feature: Cesium3DTileFeature) => !rule.hidden.has(String(feature.getProperty('id'))),
    } as unknown as Cesium3DTileStyle['show'];
  }
  return style;
}
