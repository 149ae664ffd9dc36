# Stand-in for ExchangeOnlineManagement: the same commands, parameters, warnings and error records for what the sandbox emulates.
# It reaches the sandbox only: -ConnectionUri says where, with a certificate -AzureADAuthorizationEndpointUri as well, and the file
# in SSL_CERT_FILE whom to trust.
Set-StrictMode -Version 3.0

$script:Version = '3.9.2'
# As in the real module, the cmdlets come with the connection: before it there are none.
$script:Connection = $null
$script:Cmdlets = $null

. (Join-Path $PSScriptRoot 'Http.ps1')
. (Join-Path $PSScriptRoot 'Tokens.ps1')
. (Join-Path $PSScriptRoot 'Cmdlets.ps1')
. (Join-Path $PSScriptRoot 'Invoke.ps1')

function Connect-ExchangeOnline {
    [CmdletBinding()]
    param(
        [string] $ConnectionUri,
        [string] $AzureADAuthorizationEndpointUri,
        [string] $ExchangeEnvironmentName,
        [string] $UserPrincipalName,
        [string] $AccessToken,
        [string] $Organization,
        [string] $AppId,
        [System.Security.Cryptography.X509Certificates.X509Certificate2] $Certificate,
        [string] $CertificateFilePath,
        [System.Security.SecureString] $CertificatePassword,
        [string[]] $CommandName = @('*'),
        [ValidateRange(1, 1000)] [int] $PageSize = 1000,
        [bool] $ShowBanner = $true,
        [bool] $ShowProgress = $true,
        [switch] $SkipLoadingFormatData,
        [switch] $SkipLoadingCmdletHelp,
        [switch] $DisableWAM,
        [switch] $UseMultithreading
    )
    $ErrorActionPreference = 'Stop'
    if ([string]::IsNullOrEmpty($Organization) -and [string]::IsNullOrEmpty($UserPrincipalName)) {
        throw [System.ArgumentException]::new('Specify -Organization for app-only authentication.')
    }
    $key = @($AccessToken, $Certificate, $CertificateFilePath) | Where-Object { $_ }
    if (@($key).Count -ne 1) {
        throw [System.ArgumentException]::new('Specify exactly one of -AccessToken, -Certificate and -CertificateFilePath.')
    }
    $connection = @{
        Id           = [guid]::NewGuid().ToString()
        Organization = $Organization
        AppId        = $AppId
        PageSize     = $PageSize
        Token        = $AccessToken
        # Brings new tokens; an access token that was handed in cannot be renewed.
        Certificate  = $null
        Client       = New-SandboxClient
        Base         = Get-LoopbackOrigin 'ConnectionUri' $ConnectionUri
        Authority    = $null
        SecretKey    = $null
    }
    if (-not $AccessToken) {
        if (-not $AppId) { throw [System.ArgumentException]::new('Specify -AppId with a certificate.') }
        $connection.Authority = Get-LoopbackOrigin 'AzureADAuthorizationEndpointUri' $AzureADAuthorizationEndpointUri
        $connection.Certificate = if ($Certificate) { $Certificate } else { Read-Certificate $CertificateFilePath $CertificatePassword }
        $connection.Token = Get-CertificateToken $connection
    }
    Remove-ExchangeCmdlets $PSCmdlet.SessionState
    Import-ExchangeCmdlets $connection $CommandName
    $script:Connection = $connection
}

function Disconnect-ExchangeOnline {
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
    param([string[]] $ConnectionId, [string[]] $ModulePrefix)
    if (-not $PSCmdlet.ShouldProcess('Running this cmdlet clears all active sessions created using Connect-ExchangeOnline.')) { return }
    Remove-ExchangeCmdlets $PSCmdlet.SessionState
    if ($null -ne $script:Connection) { $script:Connection.Client.Dispose() }
    $script:Connection = $null
}

function Get-ConnectionInformation {
    [CmdletBinding()]
    param([string[]] $ConnectionId, [string[]] $ModulePrefix)
    if ($null -eq $script:Connection) { return }
    [pscustomobject]@{
        ConnectionId              = $script:Connection.Id
        State                     = 'Connected'
        Id                        = 1
        Name                      = 'ExchangeOnline_1'
        ConnectionUri             = $script:Connection.Base
        Organization              = $script:Connection.Organization
        AppId                     = $script:Connection.AppId
        TokenStatus               = 'Active'
        ConnectionUsedForInbuiltCmdlets = $true
        CertificateAuthentication = $null -ne $script:Connection.Certificate
        IsEopSession              = $false
    }
}

Export-ModuleMember -Function 'Connect-ExchangeOnline', 'Disconnect-ExchangeOnline', 'Get-ConnectionInformation'
