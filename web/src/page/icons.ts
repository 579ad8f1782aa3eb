/** Icons, drawn in lines on 24 x 24. */

import { makeSvg } from './dom';

const PATHS = {
  open: 'M4 7h5l2 2h9v10H4z M12 12v5 M9.5 14.5h5',
  theme: 'M12 4a8 8 0 1 0 0 16z M12 4a8 8 0 0 1 0 16',
  keyboard: 'M3 7h18v10H3z M7 10.5h0 M11 10.5h0 M15 10.5h0 M18 10.5h0 M8 14h8',
  outline: 'M12 5c4.5 0 7.5 2.5 7.5 6.5S16 19 11.5 19 4.5 16 4.5 12 7.500 5 12 5z',
  calipers: 'M5 19L19 5 M5 15.500V19h3.500 M15.500 5H19v3.500',
  doubt: 'M12 4.500c5 0 8 3 8 7s-3 8-8 8-8-3.500-8-8 3-7 8-7z M12 8.500c2.500 0 4.200 1.500 4.200 3.500S14.500 15.700 12 15.700 7.800 14 7.800 12 9.500 8.500 12 8.500z',
  compare: 'M12 4v16 M4 6h16v12H4z M15 10l2 2-2 2 M9 10l-2 2 2 2',
  plus: 'M12 6v12 M6 12h12',
  minus: 'M6 12h12',
  fit: 'M4 9V4h5 M20 9V4h-5 M4 15v5h5 M20 15v5h-5',
  play: 'M8 5l11 7-11 7z',
  pause: 'M8 5v14 M16 5v14',
  previous: 'M15 6l-6 6 6 6',
  next: 'M9 6l6 6-6 6',
  download: 'M12 4v11 M8 11.500l4 4 4-4 M5 20h14',
  eye: 'M3 12c2.500-4.500 5.500-6.500 9-6.500s6.500 2 9 6.500c-2.500 4.500-5.500 6.500-9 6.500S5.500 16.500 3 12z M12 9.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5z',
  hidden: 'M3 12c2.500-4.500 5.500-6.500 9-6.500s6.500 2 9 6.500c-2.500 4.500-5.500 6.500-9 6.500S5.500 16.500 3 12z M5 20L19 4',
  close: 'M6 6l12 12 M18 6L6 18',
  warning: 'M12 4L21 19.500H3z M12 10v4.500 M12 17h0',
  lock: 'M6 11h12v9H6z M8.500 11V8a3.500 3.500 0 0 1 7 0v3',
} as const;

export type IconName = keyof typeof PATHS;

export function makeIcon(name: IconName): SVGSVGElement {
  return makeSvg(
    'svg',
    { viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true' },
    makeSvg('path', { d: PATHS[name] }),
  );
}
