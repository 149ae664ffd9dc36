/** The environment of shells: what PowerShell and .NET need, and nothing that changes what they print or load. Pure. */
/** Variables that are handed on. Names on Windows come in any case. */
const HANDED_ON = new Set([
  'PATH',
  'PATHEXT',
  'HOME',
  'USER',
  'USERNAME',
  'USERPROFILE',
  'USERDOMAIN',
  'HOMEDRIVE',
  'HOMEPATH',
  'APPDATA',
  'LOCALAPPDATA',
  'PROGRAMDATA',
  'PROGRAMFILES',
  'PROGRAMFILES(X86)',
  'COMMONPROGRAMFILES',
  'SYSTEMROOT',
  'SYSTEMDRIVE',
  'WINDIR',
  'COMSPEC',
  'PROCESSOR_ARCHITECTURE',
  'TEMP',
  'TMP',
  'TMPDIR',
  'LANG',
  'LC_ALL',
  'XDG_CACHE_HOME',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'PSMODULEPATH',
  'NODE_POWERSHELL',
  'DOTNET_ROOT',
  'DOTNET_SYSTEM_GLOBALIZATION_INVARIANT',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
]);

/** Neither colours nor terminal sequences, and nothing that calls home. */
const QUIET = {
  NO_COLOR: '1',
  TERM: 'dumb',
  POWERSHELL_TELEMETRY_OPTOUT: '1',
  POWERSHELL_UPDATECHECK: 'Off',
  DOTNET_CLI_TELEMETRY_OPTOUT: '1',
};

/** What shells get of an environment; where NODE_POWERSHELL names no program, `pwsh` on PATH is started. */
export function shellEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] =>
      HANDED_ON.has(entry[0].toUpperCase()) && entry[1] !== undefined && entry[1] !== '',
  );
  return { ...Object.fromEntries(kept), ...QUIET };
}
