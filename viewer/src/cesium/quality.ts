/** How much the graphics card can bear: asked for by `?quality=low|medium|high`, otherwise found out. */
export type Quality = 'low' | 'medium' | 'high';

export interface QualitySettings {
  name: Quality;
  msaaSamples: number;
  resolutionScale: number;
  shadowMapSize: number;
  softShadows: boolean;
  /** Ambient occlusion and thin edges. */
  drawing: boolean;
  hover: boolean;
  maximumScreenSpaceError: number;
}

const SETTINGS: Record<Quality, QualitySettings> = {
  low: {
    name: 'low',
    msaaSamples: 1,
    resolutionScale: 0.75,
    shadowMapSize: 1024,
    softShadows: false,
    drawing: false,
    hover: false,
    maximumScreenSpaceError: 24,
  },
  medium: {
    name: 'medium',
    msaaSamples: 2,
    resolutionScale: 1,
    shadowMapSize: 2048,
    softShadows: true,
    drawing: true,
    hover: false,
    maximumScreenSpaceError: 20,
  },
  high: {
    name: 'high',
    msaaSamples: 4,
    resolutionScale: 1,
    shadowMapSize: 4096,
    softShadows: true,
    drawing: true,
    hover: true,
    maximumScreenSpaceError: 12,
  },
};

function rendererName(): string {
  const context = document.createElement('canvas').getContext('webgl2');
  if (!context) return '';
  const info = context.getExtension('WEBGL_debug_renderer_info');
  const name = String(context.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : context.RENDERER));
  context.getExtension('WEBGL_lose_context')?.loseContext();
  return name;
}

export function chooseQuality(search: string): QualitySettings {
  const asked = new URLSearchParams(search).get('quality');
  if (asked === 'low' || asked === 'medium' || asked === 'high') return SETTINGS[asked];
  if (/swiftshader|llvmpipe|software|basic render/i.test(rendererName())) return SETTINGS.low;
  return matchMedia('(pointer: coarse)').matches ? SETTINGS.medium : SETTINGS.high;
}
