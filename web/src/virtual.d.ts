declare module 'virtual:settings' {
  import type { Settings } from './settings';

  export const settings: Settings;
}
