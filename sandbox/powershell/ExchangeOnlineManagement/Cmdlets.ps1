# The cmdlets of a connection: functions that are made from this table, as the real module makes them from what the service sends.
# NAME:TYPE, with ! behind the name of a parameter that is mandatory.

$script:Types = @{
    text   = 'string'
    texts  = 'string[]'
    flag   = 'bool'
    maybe  = 'System.Nullable[bool]'
    switch = 'switch'
    number = 'int'
    guid   = 'guid'
    any    = 'object'
    secret = 'System.Security.SecureString'
}

$script:Table = @{
    'Add-DistributionGroupMember'        = 'Identity!:text Member!:text BypassSecurityGroupManagerCheck:switch'
    'Add-MailboxFolderPermission'        = 'Identity!:text User!:text AccessRights!:texts SharingPermissionFlags:texts SendNotificationToUser:flag'
    'Add-RoleGroupMember'                = 'Identity!:text Member!:text'
    'Get-AcceptedDomain'                 = 'Identity:text ResultSize:any'
    'Get-CalendarProcessing'             = 'Identity!:text ResultSize:any'
    'Get-CASMailbox'                     = 'Identity:text ResultSize:any'
    'Get-DistributionGroup'              = 'Identity:text ResultSize:any'
    'Get-DistributionGroupMember'        = 'Identity!:text ResultSize:any'
    'Get-Mailbox'                        = 'Identity:text Anr:text Filter:text RecipientTypeDetails:texts ResultSize:any SortBy:text'
    'Get-MailboxFolderPermission'        = 'Identity!:text User:text GroupMailbox:switch ResultSize:any SkipCount:number UseCustomRouting:switch'
    'Get-MailboxFolderStatistics'        = 'Identity!:text FolderScope:text ResultSize:any UseCustomRouting:switch'
    'Get-ManagementRoleAssignment'       = 'Identity:text RoleAssignee:text Role:text GetEffectiveUsers:switch'
    'Get-ManagementScope'                = 'Identity:text'
    'Get-OrganizationConfig'             = 'RetrieveEwsOperationAccessPolicy:switch'
    'Get-RoleGroupMember'                = 'Identity!:text ResultSize:any'
    'Get-ServicePrincipal'               = 'Identity:text'
    'New-Mailbox'                        = 'Name!:text Password:secret MicrosoftOnlineServicesID:text Alias:text DisplayName:text FirstName:text LastName:text PrimarySmtpAddress:text ResetPasswordOnNextLogon:flag Shared:switch Room:switch Equipment:switch'
    'New-ManagementRoleAssignment'       = 'Name:text App!:text Role!:text CustomResourceScope:text RecipientGroupScope:text'
    'New-ManagementScope'                = 'Name!:text RecipientRestrictionFilter!:text'
    'New-ServicePrincipal'               = 'AppId!:guid ObjectId!:guid DisplayName:text'
    'Remove-DistributionGroupMember'     = 'Identity!:text Member!:text BypassSecurityGroupManagerCheck:switch'
    'Remove-Mailbox'                     = 'Identity!:text Force:switch PermanentlyDelete:switch'
    'Remove-MailboxFolderPermission'     = 'Identity!:text User:text ResetDelegateUserCollection:switch SendNotificationToUser:flag Force:switch'
    'Remove-ManagementRoleAssignment'    = 'Identity!:text Force:switch'
    'Remove-ManagementScope'             = 'Identity!:text Force:switch'
    'Remove-RoleGroupMember'             = 'Identity!:text Member!:text'
    'Remove-ServicePrincipal'            = 'Identity!:text Force:switch'
    'Set-CalendarProcessing'             = 'Identity!:text AutomateProcessing:text AddOrganizerToSubject:flag AllBookInPolicy:flag AllowConflicts:flag BookingWindowInDays:number DeleteComments:flag DeleteSubject:flag ProcessExternalMeetingMessages:flag RemovePrivateProperty:flag ResourceDelegates:texts'
    'Set-CASMailbox'                     = 'Identity!:text EwsEnabled:maybe'
    'Set-Mailbox'                        = 'Identity!:text HiddenFromAddressListsEnabled:flag ' + ((1..15 | ForEach-Object { "CustomAttribute${_}:text" }) -join ' ')
    'Set-MailboxFolderPermission'        = 'Identity!:text User!:text AccessRights!:texts SharingPermissionFlags:texts SendNotificationToUser:flag'
    'Set-ManagementScope'                = 'Identity!:text RecipientRestrictionFilter!:text'
    'Set-OrganizationConfig'             = 'EwsEnabled:maybe EwsAllowedAppIDs:text EwsApplicationAccessPolicy:text EwsAllowList:any EwsBlockList:any EwsAllowOutlook:maybe'
    'Test-ServicePrincipalAuthorization' = 'Identity!:text Resource:text'
}

# The text of one function. Everything in it comes from the table above, nothing from outside.
function Get-FunctionText {
    param([string] $Name)
    $parameters = foreach ($entry in $script:Table[$Name].Split(' ')) {
        $label, $kind = $entry.Split(':')
        $isMandatory = $label.EndsWith('!')
        $label = $label.TrimEnd('!')
        $attributes = @()
        if ($isMandatory) { $attributes += 'Mandatory' }
        if ($label -eq 'Identity') { $attributes += 'Position = 0', 'ValueFromPipelineByPropertyName' }
        "    [Parameter($($attributes -join ', '))] [$($script:Types[$kind])] `$$label"
    }
    $impact = if ($Name.StartsWith('Remove-')) { 'High' } else { 'Medium' }
    $reads = $Name.StartsWith('Get-') -or $Name.StartsWith('Test-')
    $binding = if ($reads) { '' } else { "SupportsShouldProcess, ConfirmImpact = '$impact'" }
    $guard = if ($reads) { '' } else { "if (-not `$PSCmdlet.ShouldProcess(`$PSBoundParameters['Identity'], '$Name')) { return }" }
    "function $Name {`n  [CmdletBinding($binding)]`n  param(`n$($parameters -join ",`n")`n  )`n  process { $guard`n" +
    "    & `$InvokeCmdlet '$Name' `$PSBoundParameters `$PSCmdlet }`n}"
}

# Takes the functions away again; in the session of the caller, into which they were imported.
function Remove-ExchangeCmdlets {
    param([System.Management.Automation.SessionState] $SessionState)
    if ($null -eq $script:Cmdlets) { return }
    $remove = [scriptblock]::Create('param($Module) Remove-Module -ModuleInfo $Module -Force')
    $null = $SessionState.InvokeCommand.InvokeScript($SessionState, $remove, $script:Cmdlets)
    $script:Cmdlets = $null
}

# Makes the functions that the caller may run, and that were asked for, visible to the whole session.
function Import-ExchangeCmdlets {
    param([hashtable] $Connection, [string[]] $CommandName)
    $url = "$($Connection.Base)/adminapi/v1.0/$($Connection.Organization)/EXOModuleFile?Version=$script:Version"
    $answer = Send-WithPatience $Connection 'GET' $url @{ CommandName = '*' } ''
    # What the real module says of other statuses is UNCONFIRMED.
    if ($answer.Status -notin 200, 401, 403) { throw (New-FailureRecord $answer 'Connect-ExchangeOnline') }
    if ($answer.Status -ne 200) {
        $what = if ($answer.Status -eq 401) { 'UnAuthorized' } else {
            "The role assigned to application $($Connection.AppId) isn't supported in this scenario. Please check online documentation for " +
            'assigning correct Directory Roles to Azure AD Application for EXO App-Only Authentication.'
        }
        throw [System.UnauthorizedAccessException]::new($what)
    }
    $file = ($answer.Text | ConvertFrom-Json).value[0]
    $Connection.SecretKey = $file.secretKey
    $names = $file.exportedCmdlets.Split(',') | Where-Object {
        $name = $_
        $script:Table.ContainsKey($name) -and @($CommandName | Where-Object { $name -like $_ }).Count -gt 0
    }
    $text = @($names | ForEach-Object { Get-FunctionText $_ }) -join "`n"
    $invoke = { param($Name, $Bound, $Caller) Invoke-ExchangeCmdlet $Name $Bound $Caller }
    $made = New-Module -Name "tmpEXO_$($Connection.Id)" -ArgumentList $invoke, $text -ScriptBlock {
        param($InvokeCmdlet, $Text)
        . ([scriptblock]::Create($Text))
        Export-ModuleMember -Function *
    }
    Import-Module -ModuleInfo $made -Global -DisableNameChecking
    $script:Cmdlets = $made
}
