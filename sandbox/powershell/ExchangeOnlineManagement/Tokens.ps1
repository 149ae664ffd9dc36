# Tokens by certificate: a client assertion (RS256, x5t) at the token endpoint.

function Read-Certificate {
    param([string] $Path, [System.Security.SecureString] $Password)
    $flags = [System.Security.Cryptography.X509Certificates.X509KeyStorageFlags]::EphemeralKeySet
    $bytes = [System.IO.File]::ReadAllBytes($Path)
    $text = if ($null -eq $Password) { '' } else { [System.Net.NetworkCredential]::new('', $Password).Password }
    [System.Security.Cryptography.X509Certificates.X509CertificateLoader]::LoadPkcs12($bytes, $text, $flags)
}

function ConvertTo-Base64Url {
    param([byte[]] $Bytes)
    [System.Convert]::ToBase64String($Bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_')
}

function Get-CertificateToken {
    param([hashtable] $Connection)
    $certificate = $Connection.Certificate
    $endpoint = "$($Connection.Authority)/$($Connection.Organization)/oauth2/v2.0/token"
    $now = [System.DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
    $header = @{ alg = 'RS256'; typ = 'JWT'; x5t = (ConvertTo-Base64Url $certificate.GetCertHash()) } | ConvertTo-Json -Compress
    $claims = @{
        aud = $endpoint; iss = $Connection.AppId; sub = $Connection.AppId
        jti = [guid]::NewGuid().ToString(); nbf = $now; exp = $now + 600
    } | ConvertTo-Json -Compress
    $utf8 = [System.Text.Encoding]::UTF8
    $signed = "$(ConvertTo-Base64Url $utf8.GetBytes($header)).$(ConvertTo-Base64Url $utf8.GetBytes($claims))"
    $rsa = [System.Security.Cryptography.X509Certificates.RSACertificateExtensions]::GetRSAPrivateKey($certificate)
    $signature = $rsa.SignData($utf8.GetBytes($signed), 'SHA256', [System.Security.Cryptography.RSASignaturePadding]::Pkcs1)
    $fields = [ordered]@{
        grant_type            = 'client_credentials'
        client_id             = $Connection.AppId
        client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
        client_assertion      = "$signed.$(ConvertTo-Base64Url $signature)"
        scope                 = 'https://outlook.office365.com/.default'
    }
    $form = @($fields.Keys | ForEach-Object { "$_=$([uri]::EscapeDataString($fields[$_]))" }) -join '&'
    $answer = Send-Request $Connection.Client 'POST' $endpoint @{} $form 'application/x-www-form-urlencoded'
    $body = $answer.Text | ConvertFrom-Json
    if ($answer.Status -ne 200) { throw [System.UnauthorizedAccessException]::new($body.error_description) }
    $body.access_token
}
