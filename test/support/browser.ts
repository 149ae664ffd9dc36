/**
 * A real Chromium for the tests of pages, on a fresh machine as well: the package `@sparticuz/chromium` ships the browser and the
 * libraries that it needs (libnss3, libnspr4, libexpat), which are unpacked into the user's cache once. Another Chromium takes its
 * place where `CHROMIUM_PATH` names one, or where the package's does not run on this platform and one is on PATH.
 *
 * There is no way to skip: without a browser the tests fail.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { cacheFolder } from '../../scripts/cache-folder.js';

/** Where the browser lies and what it must find in its environment. */
interface BrowserFiles {
  readonly executablePath: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Chromium's own sandbox needs rights that containers do not have; only pages of our own are loaded. Nothing that the tests are about
 * is turned off: the package's own list of arguments would disable web security.
 */
const ARGUMENTS = [
  '--no-sandbox',
  '--no-zygote',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--font-render-hinting=none',
];

/** Starts Chromium; to be closed by the caller. @throws when no browser can be had */
export async function launchBrowser(): Promise<Browser> {
  const { executablePath, env } = browserFiles();
  return await chromium.launch({
    executablePath,
    env: { ...process.env, ...env } as Record<string, string>,
    args: ARGUMENTS,
  });
}

/** For people's eyes, where SCREENSHOTS names a folder: Chromium on a busy machine now and then cannot take one. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS ?? '';
  if (folder !== '') await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

function browserFiles(): BrowserFiles {
  const named = process.env.CHROMIUM_PATH ?? '';
  if (named !== '') return { executablePath: named, env: {} };
  if (process.platform === 'linux' && process.arch === 'x64') return packaged();
  const found = ['chromium', 'chromium-browser', 'google-chrome']
    .flatMap((name) => (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)))
    .find((path) => existsSync(path));
  if (found !== undefined) return { executablePath: found, env: {} };
  throw new Error(
    'no Chromium on PATH; install one (Debian: apt-get install chromium) or name it in CHROMIUM_PATH',
  );
}

/** The package's browser, unpacked. Several test processes may come here at once: the folder is renamed into its place. */
function packaged(): BrowserFiles {
  const { version } = createRequire(__filename)('../../node_modules/@sparticuz/chromium/package.json') as {
    version: string;
  };
  const cache = cacheFolder(process.env);
  const folder = join(cache, `chromium-${version}`);
  if (!existsSync(folder)) unpack(cache, folder);
  const libraries = [join(folder, 'al2023', 'lib'), process.env.LD_LIBRARY_PATH].filter(
    (path) => (path ?? '') !== '',
  );
  return {
    executablePath: join(folder, 'chromium'),
    env: { LD_LIBRARY_PATH: libraries.join(':'), FONTCONFIG_FILE: join(folder, 'fonts.conf') },
  };
}

/** The package unpacks into the temporary folder, and its libraries only where it takes the machine for Amazon's. */
function unpack(cache: string, folder: string): void {
  mkdirSync(cache, { recursive: true });
  const staging = mkdtempSync(join(cache, 'chromium-unpacking-'));
  try {
    const program = "import chromium from '@sparticuz/chromium'; await chromium.executablePath()";
    execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      env: { ...process.env, TMPDIR: staging, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    writeFileSync(join(staging, 'fonts.conf'), fontConfiguration(folder));
    renameSync(staging, folder);
  } catch (error) {
    // Another process was quicker.
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** The package's fonts and the machine's, where it has any. The package's own file looks for them in Amazon's folders. */
function fontConfiguration(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${folder}/fonts-cache</cachedir>
  <alias><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
</fontconfig>
`;
}
