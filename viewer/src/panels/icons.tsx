/** Icons as inline SVG on a 24-unit grid, drawn in the text's colour and hidden from screen readers. */
const PATHS = {
  layers: 'M12 3 3 8l9 5 9-5-9-5zM3 12.500l9 5 9-5M3 17l9 5 9-5',
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zm5 12 4.500 4.500',
  eye: 'M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z',
  eyeOff:
    'M4 4l16 16M9.500 5.900A9 9 0 0 1 12 5.500c6 0 9.500 6.500 9.500 6.500a17 17 0 0 1-3 3.700M6.300 7.600A16.500 16.500 0 0 0 2.500 12S6 18.500 12 18.500c1.500 0 2.900-.4 4.100-1',
  close: 'M6 6l12 12M18 6 6 18',
  chevron: 'M9 6l6 6-6 6',
  grip: 'M9 6v.01M15 6v.01M9 12v.01M15 12v.01M9 18v.01M15 18v.01',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2.500M12 19.500V22M2 12h2.500M19.500 12H22M4.900 4.900l1.800 1.800M17.300 17.300l1.800 1.800M19.100 4.900l-1.800 1.800M6.700 17.300l-1.800 1.800',
  moon: 'M20 14.500A8.500 8.500 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500z',
  link: 'M10 14a4 4 0 0 0 5.700 0l3.300-3.300a4 4 0 0 0-5.700-5.700l-1.300 1.300M14 10a4 4 0 0 0-5.700 0L5 13.300A4 4 0 0 0 10.700 19l1.300-1.300',
  home: 'M4 11.500 12 4l8 7.500M6.500 9.500V20h11V9.500M10 20v-5.500h4V20',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  ruler: 'M3.500 16 16 3.500 20.500 8 8 20.500zM7 12.500l2 2M10 9.500l2.500 2.500M13 6.500l2 2',
  height: 'M12 4v16M8.500 7.500 12 4l3.500 3.500M8.500 16.500 12 20l3.500-3.500M4 4h4M4 20h4',
  area: 'M5 7l8-3 6 6-3 9-10-1zM5 7v.01M13 4v.01M19 10v.01M16 19v.01M6 18v.01',
  section: 'M4 20V8l8-4v16M12 4l8 4v12H4M15 3v18',
  walk: 'M12 3.500a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM8 21l2-6-1.500-3L10 9h4l2 4M14 21l-1.500-5-2.500-1',
  underground: 'M3 9h18M5 9c1 3 3 4 7 4s6-1 7-4M7 16h10M9 20h6M12 2v4M9.500 4 12 6.500 14.500 4',
  camera: 'M4 8h3.500L9 5.500h6L16.500 8H20v11H4zM12 10.500a3 3 0 1 0 0 6 3 3 0 0 0 0-6z',
  play: 'M8 5.500v13l10.500-6.500z',
  pause: 'M8.500 5.500v13M15.500 5.500v13',
  now: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4.500l3 1.500',
  target: 'M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10zM12 2v4M12 18v4M2 12h4M18 12h4',
  copy: 'M9 9h11v11H9zM5.500 15H4V4h11v1.500',
  warning: 'M12 4 2.500 20h19zM12 10v4.500M12 17.300v.01',
  cube: 'M12 3 4 7.300v9.400L12 21l8-4.300V7.300zM4 7.300 12 12l8-4.700M12 12v9',
  place:
    'M12 21s7-6.200 7-11.500a7 7 0 1 0-14 0C5 14.800 12 21 12 21zM12 7a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5z',
  command: 'M5 7l5 5-5 5M12 18h7',
  chart: 'M4 4v16h16M7.500 15l4-5 3 3 5-7',
  bell: 'M6 16.500V11a6 6 0 1 1 12 0v5.500l1.500 1.500h-15zM10 20.500a2.200 2.200 0 0 0 4 0',
  flag: 'M6 21V4h11l-2 4 2 4H6',
  check: 'M5 12.500 10 17.500 19.500 7',
  info: 'M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17zM12 11v5.500M12 7.800v.01',
  octagon:
    'M8.300 3.500h7.400l4.800 4.800v7.400l-4.800 4.800H8.300l-4.800-4.800V8.300zM12 7.500v5.500M12 16.200v.01',
  sensor:
    'M12 10.500a1.500 1.500 0 1 0 0 3 1.500 1.500 0 0 0 0-3zM8.500 15.500a5 5 0 0 1 0-7M15.500 8.500a5 5 0 0 1 0 7M6 18a8.500 8.500 0 0 1 0-12M18 6a8.500 8.500 0 0 1 0 12',
  language:
    'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c3 3 3.700 6 3.700 9S15 18 12 21M12 3C9 6 8.300 9 8.300 12S9 18 12 21',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** A compass needle, turned against the camera's heading. */
export function Needle({ heading }: { heading: number }) {
  return (
    <svg class="needle" width="22" height="22" viewBox="0 0 24 24" aria-hidden="true">
      <g transform={`rotate(${-heading} 12 12)`}>
        <path class="north" d="M12 2.500 15.500 12h-7z" />
        <path class="south" d="M12 21.500 8.500 12h7z" />
      </g>
    </svg>
  );
}
