# HTTPS to the sandbox, whose authority alone is trusted.

# The real module goes to Microsoft's public cloud where it is told nothing; this one goes nowhere but to this machine.
function Get-LoopbackOrigin {
    param([string] $Parameter, [string] $Address)
    $uri = $null
    $isUri = [uri]::TryCreate($Address, [System.UriKind]::Absolute, [ref] $uri)
    if (-not $isUri -or $uri.Scheme -ne 'https' -or -not $uri.IsLoopback) {
        throw [System.ArgumentException]::new("The sandbox's module wants -$Parameter with an https address of this machine.")
    }
    $uri.GetLeftPart([System.UriPartial]::Authority)
}

function New-SandboxClient {
    $file = [System.Environment]::GetEnvironmentVariable('SSL_CERT_FILE')
    if ([string]::IsNullOrEmpty($file)) { throw [System.InvalidOperationException]::new('SSL_CERT_FILE is not set.') }
    $policy = [System.Security.Cryptography.X509Certificates.X509ChainPolicy]::new()
    $policy.TrustMode = 'CustomRootTrust'
    $policy.RevocationMode = 'NoCheck'
    $policy.CustomTrustStore.ImportFromPemFile($file)
    $handler = [System.Net.Http.SocketsHttpHandler]::new()
    $handler.SslOptions.CertificateChainPolicy = $policy
    # The handler must not unpack what only claims to be gzip: refusals do.
    $handler.AutomaticDecompression = 'None'
    $client = [System.Net.Http.HttpClient]::new($handler)
    $client.Timeout = [timespan]::FromMinutes(15)
    $client
}

# Sends one request; gives status, headers (lower case) and text.
function Send-Request {
    param($Client, [string] $Method, [string] $Url, [hashtable] $Headers, [string] $Body, [string] $ContentType = 'application/json')
    $request = [System.Net.Http.HttpRequestMessage]::new([System.Net.Http.HttpMethod]::new($Method), $Url)
    try {
        foreach ($name in $Headers.Keys) {
            if ($Headers[$name]) { $null = $request.Headers.TryAddWithoutValidation($name, [string] $Headers[$name]) }
        }
        if ($Body) { $request.Content = [System.Net.Http.StringContent]::new($Body, [System.Text.Encoding]::UTF8, $ContentType) }
        $response = $Client.SendAsync($request).GetAwaiter().GetResult()
        try {
            $seen = @{}
            foreach ($header in $response.Headers) { $seen[$header.Key.ToLowerInvariant()] = $header.Value -join ', ' }
            @{
                Status  = [int] $response.StatusCode
                Headers = $seen
                Text    = $response.Content.ReadAsStringAsync().GetAwaiter().GetResult()
            }
        }
        finally { $response.Dispose() }
    }
    finally { $request.Dispose() }
}
