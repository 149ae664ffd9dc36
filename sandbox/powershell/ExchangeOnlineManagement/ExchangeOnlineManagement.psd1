@{
    RootModule        = 'ExchangeOnlineManagement.psm1'
    ModuleVersion     = '3.9.2'
    GUID              = '8a7d7a0f-3f52-4c0b-9f3e-6c1c1b6f7d15'
    Author            = 'calendar-interop'
    Description       = 'Stand-in for ExchangeOnlineManagement that talks to the sandbox only.'
    PowerShellVersion = '7.0'
    FunctionsToExport = @('Connect-ExchangeOnline', 'Disconnect-ExchangeOnline', 'Get-ConnectionInformation')
    CmdletsToExport   = @()
    VariablesToExport = @()
    AliasesToExport   = @()
}
