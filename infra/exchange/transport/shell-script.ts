/**
 * The PowerShell side: a few functions that each shell gets once, and one line per request.
 *
 * A request is JSON in base64, so a line holds nothing but letters, digits, `+`, `/` and `=` in quotes: whatever a value is, it
 * cannot become a command. Parameters are splatted. A result is JSON in base64 too, between two markers that were made up for
 * this request, so that whatever a terminal writes around it does no harm.
 */

/** One request to a shell; JSON. */
export interface ShellRequest {
  readonly marker: string;
  readonly task: 'module' | 'connect' | 'permitted' | 'cmdlet' | 'echo';
  readonly cmdlet?: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Properties of the rows that are wanted. */
  readonly properties?: readonly string[];
}

/** Text that becomes a SecureString in the shell. */
export function secure(text: string): Readonly<Record<string, unknown>> {
  return { 'interop:secure': text };
}

/** The line that sends a request. */
export function requestLine(request: ShellRequest): string {
  return `Invoke-InteropRequest '${base64(JSON.stringify(request))}'`;
}

/** The line that defines the functions in a new shell. */
export function preludeLine(): string {
  return `. ([scriptblock]::Create([System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String('${base64(PRELUDE)}'))))`;
}

/** What stands between the markers of a request, decoded; undefined when it is not there. */
export function readFrame(output: string, marker: string): unknown {
  const found = new RegExp(`<${marker}:([A-Za-z0-9+/=]*):${marker}>`).exec(output)?.[1];
  if (found === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(found, 'base64').toString('utf8'));
  } catch {
    return undefined;
  }
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/**
 * JSON is read by System.Text.Json and not by ConvertFrom-Json, which turns texts that look like dates into dates. Values are made
 * plain before ConvertTo-Json, which writes some types (guid, enumerations) differently from one version to the next.
 * Rows beyond a thousand are kept compressed, so that a long list fits into memory on both sides.
 */
const PRELUDE = `
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$InformationPreference = 'SilentlyContinue'
$VerbosePreference = 'SilentlyContinue'
$DebugPreference = 'SilentlyContinue'

function ConvertFrom-InteropJson([System.Text.Json.JsonElement] $Element) {
  switch ($Element.ValueKind.ToString()) {
    'String' { return $Element.GetString() }
    'True' { return $true }
    'False' { return $false }
    'Number' { return $Element.GetDouble() }
    'Array' {
      $items = [System.Collections.Generic.List[object]]::new()
      foreach ($item in $Element.EnumerateArray()) { $items.Add((ConvertFrom-InteropJson $item)) }
      return , $items.ToArray()
    }
    'Object' {
      $table = @{}
      foreach ($property in $Element.EnumerateObject()) { $table[$property.Name] = ConvertFrom-InteropJson $property.Value }
      if ($table.ContainsKey('interop:secure')) {
        $protected = [System.Security.SecureString]::new()
        foreach ($character in $table['interop:secure'].ToCharArray()) { $protected.AppendChar($character) }
        return $protected
      }
      return $table
    }
    default { return $null }
  }
}

function ConvertTo-InteropValue($Value) {
  if ($null -eq $Value) { return $null }
  $plain = $Value.PSObject.BaseObject
  if ($plain -is [string] -or $plain -is [bool]) { return $plain }
  if ($plain -is [int] -or $plain -is [long] -or $plain -is [double]) { return $plain }
  if ($plain -is [datetime]) { return $plain.ToString('o') }
  if ($plain -is [System.Collections.IEnumerable] -and $plain -isnot [System.Collections.IDictionary]) {
    $items = [System.Collections.Generic.List[object]]::new()
    foreach ($item in $plain) { $items.Add((ConvertTo-InteropValue $item)) }
    return , $items.ToArray()
  }
  if ($plain -is [System.Management.Automation.PSCustomObject] -and $null -ne $Value.PSObject.Properties['DisplayName']) {
    return [string] $Value.DisplayName
  }
  return [string] $Value
}

function ConvertTo-InteropRow($Object, $Properties) {
  $row = @{}
  foreach ($name in $Properties) {
    $property = $Object.PSObject.Properties[$name]
    if ($null -ne $property) { $row[$name] = ConvertTo-InteropValue $property.Value }
  }
  return $row
}

function Compress-InteropRows($Rows) {
  $bytes = [System.Text.Encoding]::UTF8.GetBytes((ConvertTo-Json -InputObject $Rows -Compress -Depth 4))
  $memory = [System.IO.MemoryStream]::new()
  $zip = [System.IO.Compression.GZipStream]::new($memory, [System.IO.Compression.CompressionMode]::Compress)
  $zip.Write($bytes, 0, $bytes.Length)
  $zip.Dispose()
  return [System.Convert]::ToBase64String($memory.ToArray())
}

function Invoke-InteropCmdlet($Request) {
  $parameters = $Request.parameters
  $rows = [System.Collections.Generic.List[object]]::new()
  $chunks = [System.Collections.Generic.List[object]]::new()
  $warnings = [System.Collections.Generic.List[object]]::new()
  & $Request.cmdlet @parameters -ErrorAction Stop -WarningAction Continue 3>&1 | ForEach-Object {
    if ($_ -is [System.Management.Automation.WarningRecord]) { $warnings.Add($_.Message) }
    elseif ($null -ne $_) {
      $rows.Add((ConvertTo-InteropRow $_ $Request.properties))
      if ($rows.Count -ge 1000) { $chunks.Add((Compress-InteropRows $rows.ToArray())); $rows.Clear() }
    }
  }
  return @{ ok = $true; rows = $rows.ToArray(); chunks = $chunks.ToArray(); warnings = $warnings.ToArray() }
}

function Get-InteropModule {
  $versions = [System.Collections.Generic.List[object]]::new()
  foreach ($module in @(Get-Module -ListAvailable -Name ExchangeOnlineManagement)) { $versions.Add($module.Version.ToString()) }
  return @{ ok = $true; versions = $versions.ToArray(); shell = $PSVersionTable.PSVersion.ToString() }
}

function Connect-Interop($Request) {
  $parameters = $Request.parameters
  Import-Module -Name ExchangeOnlineManagement -ErrorAction Stop 3>&1 6>&1 | Out-Null
  Connect-ExchangeOnline @parameters -ErrorAction Stop 3>&1 6>&1 | Out-Null
  return @{ ok = $true }
}

function Get-InteropPermitted($Request) {
  $names = [System.Collections.Generic.List[object]]::new()
  foreach ($command in @(Get-Command -Name $Request.parameters.Name -CommandType Function -ErrorAction SilentlyContinue)) { $names.Add($command.Name) }
  return @{ ok = $true; rows = @(@{ exportedCmdlets = ($names.ToArray() -join ',') }); chunks = @(); warnings = @() }
}

function Invoke-InteropRequest([string] $Encoded) {
  $document = [System.Text.Json.JsonDocument]::Parse([System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String($Encoded)))
  $request = ConvertFrom-InteropJson $document.RootElement
  try {
    $reply = switch ($request.task) {
      'module' { Get-InteropModule }
      'connect' { Connect-Interop $request }
      'permitted' { Get-InteropPermitted $request }
      'cmdlet' { Invoke-InteropCmdlet $request }
      'echo' { @{ ok = $true; rows = , $request.parameters } }
    }
  } catch {
    $details = if ($null -ne $_.ErrorDetails) { [string] $_.ErrorDetails.Message } else { '' }
    $reply = @{
      ok = $false; message = [string] $_.Exception.Message; details = $details; type = $_.Exception.GetType().FullName
      reason = [string] $_.CategoryInfo.Reason; category = $_.CategoryInfo.Category.ToString(); id = [string] $_.FullyQualifiedErrorId
    }
  }
  $json = ConvertTo-Json -InputObject $reply -Compress -Depth 6
  $global:Error.Clear()
  Clear-History
  $encodedReply = [System.Convert]::ToBase64String([System.Text.Encoding]::UTF8.GetBytes($json))
  [System.Console]::Out.WriteLine('<' + $request.marker + ':' + $encodedReply + ':' + $request.marker + '>')
}
`;
