/** The shapes of what the server sends; the viewer trusts these names and no others. */

export type Localized = { en: string; ko: string };
export type Position = [lon: number, lat: number, height: number];

export interface AttributeValue {
  value: string | number;
  label?: string;
  count?: number;
}

export interface LayerAttribute {
  id: string;
  name: string;
  type: 'number' | 'string' | 'enum' | 'boolean';
  unit?: string | null;
  min?: number | null;
  max?: number | null;
  values?: AttributeValue[] | null;
}

export interface LayerInfo {
  id: string;
  title: Localized;
  kind: '3dtiles';
  url: string | null;
  state: 'ready' | 'empty' | 'untiled' | 'failed';
  reason?: string | null;
  objects: number;
  classes: Record<string, number>;
  attributes: LayerAttribute[];
  source?: string | null;
  date?: string | null;
  licence?: string | null;
  underground?: boolean;
}

/** Something to look at, and from where. */
export interface Outlook {
  lon: number;
  lat: number;
  height: number;
  heading: number;
  pitch: number;
  range: number;
}

export interface Home extends Outlook {
  /** From the lowest to the highest point of the city [m]. */
  tall: number;
}

export interface Imagery {
  url: string;
  scheme: 'geographic' | 'webmercator';
  min_level: number;
  max_level: number;
  bounds: [west: number, south: number, east: number, north: number];
  styles: string[];
  extension: string;
  background?: Record<string, string>;
}

export interface City {
  name: string;
  title: string | Localized;
  crs: string | null;
  heights?: { method?: string; name?: string; note?: string } | null;
  /** Null, as is `home`, for a city without objects or without a place on the globe. */
  bbox: [west: number, south: number, east: number, north: number] | null;
  home: Home | null;
  terrain: { url: string; licence?: string | null } | null;
  imagery: Imagery | null;
  layers: LayerInfo[];
  timezone: string;
  base_map_url?: string | null;
  /** Absent where the server keeps no readings. */
  sensors?: { count: number } | null;
}

export interface PlacedCity extends City {
  bbox: NonNullable<City['bbox']>;
  home: Home;
}

export type Scalar = string | number | boolean | null;
export type AttributeNode = Scalar | AttributeNode[] | { [key: string]: AttributeNode };

export interface Finding {
  code: string;
  message: string;
  severity: string;
}

export interface CityObject {
  id: string;
  class: string;
  layer: string;
  parent?: string | { id: string; class?: string } | null;
  children?: { id: string; class: string }[];
  attributes?: Record<string, AttributeNode>;
  addresses?: AttributeNode[];
  surfaces?: Record<string, { count: number; area: number }>;
  lods?: (string | number)[];
  position?: Position | null;
  bbox?: number[] | null;
  valid_from?: string | null;
  valid_to?: string | null;
  source?: Record<string, AttributeNode> | null;
  findings?: Finding[];
}

export interface SearchResult {
  id: string;
  class: string;
  layer: string;
  title: string;
  matched?: { name: string; value: Scalar } | null;
  position: Position | null;
  range?: number | null;
}
