/** Builds the viewer and the AR page into `static/`, which the API serves under `/viewer/`, with CesiumJS's own files. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vite';

const ROOT = import.meta.dirname;
const ENGINE = join(ROOT, 'node_modules/@cesium/engine');

/** What CesiumJS fetches at run time: workers, decoders, and assets less the star map and base maps of others. */
function cesiumFiles(): Plugin {
  const unused = /Textures[\\/](SkyBox|NaturalEarthII|maki|moonSmall)|google-earth-dbroot|wasm_splats/;
  return {
    name: 'cesium-files',
    closeBundle() {
      const target = join(ROOT, 'static/cesium');
      const wanted = (source: string) => !unused.test(source.slice(ENGINE.length));
      const copies: [string, string][] = [
        ['Build/Workers', 'Workers'],
        ['Build/ThirdParty', 'ThirdParty'],
        ['Source/ThirdParty', 'ThirdParty'],
        ['Source/Assets', 'Assets'],
      ];
      for (const [from, to] of copies) {
        cpSync(join(ENGINE, from), join(target, to), { recursive: true, filter: wanted });
      }
      const licences = [
        '@cesium/engine/LICENSE.md',
        'pretendard/dist/LICENSE.txt',
        'preact/LICENSE',
        'uplot/LICENSE',
        '@preact/signals/LICENSE',
        '@preact/signals-core/LICENSE',
        'three/LICENSE',
      ];
      const text = licences.map((file) => readFileSync(join(ROOT, 'node_modules', file), 'utf8'));
      writeFileSync(join(ROOT, 'static/THIRD_PARTY_LICENSES.txt'), text.join('\n\n'));
    },
  };
}

export default defineConfig({
  root: ROOT,
  base: '/viewer/',
  plugins: [cesiumFiles()],
  build: {
    outDir: 'static',
    emptyOutDir: true,
    target: 'es2022',
    chunkSizeWarningLimit: 6000,
    rolldownOptions: { input: [join(ROOT, 'index.html'), join(ROOT, 'ar.html')] },
  },
});
