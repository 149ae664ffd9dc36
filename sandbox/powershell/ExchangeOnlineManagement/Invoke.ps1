# From a function's parameters to InvokeCommand, and back to objects, warnings and error records.

$script:Own = @(
    [System.Management.Automation.PSCmdlet]::CommonParameters
    [System.Management.Automation.PSCmdlet]::OptionalCommonParameters
    'UseCustomRouting'
)
$script:MostTries = 4

function Invoke-ExchangeCmdlet {
    param([string] $Name, $Bound, [System.Management.Automation.PSCmdlet] $Caller)
    $connection = $script:Connection
    if ($null -eq $connection) { throw [System.InvalidOperationException]::new('You must call the Connect-ExchangeOnline cmdlet before calling any other cmdlets.') }
    $parameters = @{}
    foreach ($key in $Bound.Keys) {
        if ($key -notin $script:Own) { $parameters[$key] = ConvertTo-Wire $connection $Bound[$key] }
    }
    # ShouldProcess has asked already.
    if ($Name.StartsWith('Remove-')) { $parameters['Confirm'] = $false }
    $body = @{ CmdletInput = @{ CmdletName = $Name; Parameters = $parameters } } | ConvertTo-Json -Depth 8 -Compress
    $limit = [double]::PositiveInfinity
    if ($parameters.ContainsKey('ResultSize') -and "$($parameters['ResultSize'])" -ne 'Unlimited') { $limit = [double] $parameters['ResultSize'] }
    elseif (-not $parameters.ContainsKey('ResultSize')) { $limit = 1000 }
    $headers = @{
        'Accept'                 = 'application/json'
        'Accept-Language'        = 'en-US'
        'connection-id'          = $connection.Id
        'client-request-id'      = [guid]::NewGuid().ToString()
        'X-CmdletName'           = $Name
        'X-ClientApplication'    = 'ExoManagementModule'
        'X-ClientModuleVersion'  = $script:Version
        'X-ResponseFormat'       = 'json'
        'X-SerializationLevel'   = 'Partial'
        'X-AnchorMailbox'        = Get-Anchor $connection $Bound
        'Prefer'                 = "odata.maxpagesize=$([Math]::Min($limit, $connection.PageSize))"
    }
    $url = "$($connection.Base)/adminapi/beta/$($connection.Organization)/InvokeCommand"
    $given = 0
    $visited = @{}
    while ($url) {
        $visited[$url] = $true
        $answer = Send-WithPatience $connection 'POST' $url $headers $body
        if ($answer.Status -ne 200) {
            $Caller.WriteError((New-FailureRecord $answer $Name))
            return
        }
        $json = $answer.Text | ConvertFrom-Json -AsHashtable
        foreach ($warning in @($json['@adminapi.warnings'])) { if ($warning) { $Caller.WriteWarning($warning) } }
        foreach ($message in @($json['@adminapi.errors'])) { if ($message) { $Caller.WriteError((New-Record $message '' '' 'NotSpecified')) } }
        foreach ($row in @($json['value'])) {
            if ($null -eq $row -or $given -ge $limit) { continue }
            $given++
            $Caller.WriteObject((ConvertFrom-Wire $row))
        }
        $url = if ($given -lt $limit) { $json['@odata.nextLink'] } else { $null }
        if ($url -and $visited.ContainsKey($url)) {
            $Caller.WriteError((New-Record "||The link to the next page of $Name leads back." '' '' 'InvalidResult'))
            return
        }
    }
}

# Without custom routing the request goes to a system mailbox's server; with it, to that of the mailbox in the identity.
function Get-Anchor {
    param([hashtable] $Connection, $Bound)
    $identity = if ($Bound.ContainsKey('Identity')) { ([string] $Bound['Identity']).Split(':')[0] } else { '' }
    if ($Bound.ContainsKey('UseCustomRouting') -and $identity) {
        $guid = [guid]::Empty
        if ([guid]::TryParse($identity, [ref] $guid)) { return "MBX:$guid@$($Connection.Organization)" }
        return "SMTP:$identity"
    }
    "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@$($Connection.Organization)"
}

# Sends; waits and tries again when throttled, and with a new token when one is wanted and can be had.
function Send-WithPatience {
    param([hashtable] $Connection, [string] $Method, [string] $Url, [hashtable] $Headers, [string] $Body)
    for ($try = 1; ; $try++) {
        $sent = @{ Authorization = "Bearer $($Connection.Token)" } + $Headers
        $answer = Send-Request $Connection.Client $Method $Url $sent $Body
        if ($try -ge $script:MostTries) { return $answer }
        if ($answer.Status -eq 429) {
            $seconds = if ($answer.Headers['retry-after']) { [double] $answer.Headers['retry-after'] } else { [Math]::Pow(2, $try) }
            Start-Sleep -Milliseconds ([int] ($seconds * 1000))
        }
        elseif ($answer.Status -eq 401 -and $null -ne $Connection.Certificate) { $Connection.Token = Get-CertificateToken $Connection }
        else { return $answer }
    }
}

function ConvertTo-Wire {
    param([hashtable] $Connection, $Value)
    if ($Value -is [switch]) { return [bool] $Value }
    if ($Value -is [guid]) { return $Value.ToString() }
    if ($Value -is [System.Security.SecureString]) {
        $rsa = [System.Security.Cryptography.RSA]::Create()
        $rsa.ImportFromPem($Connection.SecretKey)
        $bytes = [System.Text.Encoding]::UTF8.GetBytes([System.Net.NetworkCredential]::new('', $Value).Password)
        return [System.Convert]::ToBase64String($rsa.Encrypt($bytes, [System.Security.Cryptography.RSAEncryptionPadding]::OaepSHA256))
    }
    if ($Value -is [System.Collections.IDictionary]) {
        $table = @{ '@odata.type' = '#Exchange.GenericHashTable' }
        foreach ($key in $Value.Keys) { $table[$key] = @($Value[$key]) }
        return $table
    }
    if ($Value -is [array]) { return , @($Value | ForEach-Object { if ($_ -is [string]) { [string] $_ } else { $_ } }) }
    if ($Value -is [string]) { return [string] $Value }
    $Value
}

function ConvertFrom-Wire {
    param([System.Collections.IDictionary] $Row)
    $properties = [ordered]@{}
    foreach ($name in $Row.Keys) {
        if ($name.Contains('@')) { continue }
        $value = $Row[$name]
        if ($Row["$name@data.type"] -eq 'System.Guid') { $value = [guid] $value }
        $properties[$name] = $value
    }
    [pscustomobject] $properties
}

# An answer that is no success, as an error record.
function New-FailureRecord {
    param([hashtable] $Answer, [string] $Name)
    $id = [string] $Answer.Headers['request-id']
    $reason = [string] $Answer.Headers['x-exceptiontype']
    if ($Answer.Status -eq 401) { return New-Record '||UnAuthorized: the access token is expired or not valid.' 'UnauthorizedAccessException' $id 'AuthenticationError' }
    if ($Answer.Status -eq 429) { return New-Record '||The request was throttled. Too many requests.' 'ThrottlingException' $id 'ResourceBusy' }
    try { $json = $Answer.Text | ConvertFrom-Json -AsHashtable } catch { $json = $null }
    $failure = if ($json -is [System.Collections.IDictionary]) { $json['error'] } else { $null }
    if ($null -eq $failure) {
        if ($Answer.Status -eq 403) { return New-Record '||Access is denied.' 'UnauthorizedAccessException' $id 'PermissionDenied' }
        return New-Record "||$Name failed with HTTP status $($Answer.Status)." 'HttpRequestException' $id 'ConnectionError'
    }
    $detail = @($failure['details'])[0]
    if ($null -ne $detail) { return New-Record $detail['message'] $reason $id $detail['code'] $detail['target'] }
    $inner = $failure['innererror']
    $text = if ($null -ne $inner) { $inner['internalexception']['message'] } else { $failure['message'] }
    New-Record $text $reason $id 'NotSpecified'
}

# Message, class (else taken from the message), id of the request, category as a number or name.
function New-Record {
    param([string] $Message, [string] $Reason, [string] $RequestId, $Category, $Target)
    $parts = $Message.Split('|', 3)
    if (-not $Reason -and $parts.Count -eq 3) { $Reason = $parts[1].Split('.')[-1] }
    $known = [System.Management.Automation.ErrorCategory]::NotSpecified
    if ($Category -is [long] -or $Category -is [int]) { $known = [System.Management.Automation.ErrorCategory] [int] $Category }
    elseif ($Category) { $null = [System.Enum]::TryParse([string] $Category, [ref] $known) }
    $record = [System.Management.Automation.ErrorRecord]::new(
        [System.Exception]::new($Message), "[Server=sandbox,RequestId=$RequestId]", $known, $null)
    if ($Reason) { $record.CategoryInfo.Reason = $Reason }
    if ($Target) { $record.CategoryInfo.TargetName = [string] $Target }
    $record
}
