package access

import "slices"

// Record says which uses of an operation are written into the access record, whose
// hashes are in the log.
type Record string

// What is recorded.
const (
	Never       Record = ""
	ByAuthority Record = "authority" // an inspector or health officer read a company's data
	Always      Record = "always"    // an administrative act
)

// Reaches is a row's columns: how far each role reaches. A role that is not there
// reaches nothing.
type Reaches map[Role]Reach

// Rule is one row of the table.
type Rule struct {
	Operation string // operationId of openapi.yaml, or page:NAME
	ZH, EN    string
	Public    bool // open to everybody
	SignedIn  bool // open to every signed-in person, for what is their own
	Who       Reaches
	Scope     Scope // that an API client must have been granted
	Record    Record
}

// reach is how far an appointment reaches with this rule.
func (r Rule) reach(g Appointment) Reach {
	if g.Role == APIClient && !slices.Contains(g.Scopes, r.Scope) {
		return None
	}
	return r.Who[g.Role]
}

// givable is whom an organisation's administrator may appoint.
var givable = []Role{SiteStaff, Porter, Driver, FacilityOperator, OrganisationAdministrator}

// Givable lists the roles that an organisation's administrator may give.
func Givable() []Role { return slices.Clone(givable) }

// gives says whether a holder of one role may give or take another. Empty: the operation
// is about no role.
func (r Rule) gives(by, given Role) bool {
	return given == "" || by == SystemAdministrator || (by == OrganisationAdministrator && slices.Contains(givable, given))
}

// The columns that several rows share.
var (
	chains = Reaches{SiteStaff: OwnSites, Porter: OwnPerson, Driver: OwnTrips, FacilityOperator: OwnSites, OrganisationAdministrator: OwnOrganisation,
		DistrictInspector: OwnDistricts, CityInspector: City, HealthCommission: MedicalInCity, APIClient: OwnOrganisation}
	evidence = Reaches{SiteStaff: OwnSites, Driver: OwnTrips, FacilityOperator: OwnSites, OrganisationAdministrator: OwnOrganisation,
		DistrictInspector: OwnDistricts, CityInspector: City, HealthCommission: MedicalInCity, APIClient: OwnOrganisation}
	permits = Reaches{SiteStaff: OwnOrganisation, FacilityOperator: OwnOrganisation, OrganisationAdministrator: OwnOrganisation,
		DistrictInspector: OwnDistricts, CityInspector: City, HealthCommission: MedicalInCity, APIClient: OwnOrganisation}
	houses = Reaches{SiteStaff: OwnSites, FacilityOperator: OwnSites, OrganisationAdministrator: OwnOrganisation,
		DistrictInspector: OwnDistricts, CityInspector: City, HealthCommission: MedicalInCity, APIClient: OwnOrganisation}
	custody = Reaches{SiteStaff: OwnSites, FacilityOperator: OwnSites, OrganisationAdministrator: OwnOrganisation, APIClient: OwnOrganisation}
	// drafts are nobody's evidence: no authority reads them.
	drafts = Reaches{SiteStaff: OwnOrganisation, FacilityOperator: OwnOrganisation, OrganisationAdministrator: OwnOrganisation, APIClient: OwnOrganisation}
	// planners plan a collector's trips; a driver its own.
	planners = Reaches{SiteStaff: OwnOrganisation, Driver: OwnTrips, FacilityOperator: OwnOrganisation, OrganisationAdministrator: OwnOrganisation, APIClient: OwnOrganisation}
	rounds   = Reaches{SiteStaff: OwnOrganisation, Driver: OwnTrips, FacilityOperator: OwnOrganisation, OrganisationAdministrator: OwnOrganisation,
		DistrictInspector: OwnDistricts, CityInspector: City, HealthCommission: MedicalInCity, APIClient: OwnOrganisation}
	// leaves are what a collector may sign in its sources' place: whoever drives for it takes them along.
	leaves = Reaches{SiteStaff: OwnOrganisation, Driver: OwnOrganisation, FacilityOperator: OwnOrganisation, OrganisationAdministrator: OwnOrganisation,
		DistrictInspector: OwnDistricts, CityInspector: City, HealthCommission: MedicalInCity, APIClient: OwnOrganisation}
	devices = Reaches{OrganisationAdministrator: OwnOrganisation, SystemAdministrator: Everything, APIClient: OwnOrganisation}
	theirs  = Reaches{SiteStaff: OwnPerson, Porter: OwnPerson, Driver: OwnPerson, FacilityOperator: OwnPerson, OrganisationAdministrator: OwnOrganisation,
		SystemAdministrator: Everything, APIClient: OwnOrganisation}
	keyWatch = Reaches{SiteStaff: OwnPerson, Porter: OwnPerson, Driver: OwnPerson, FacilityOperator: OwnPerson, OrganisationAdministrator: OwnOrganisation,
		DistrictInspector: OwnDistricts, CityInspector: City, SystemAdministrator: Everything, APIClient: OwnOrganisation}
	people = Reaches{OrganisationAdministrator: OwnOrganisation, SystemAdministrator: Everything}
	system = Reaches{SystemAdministrator: Everything}
	// authorities draw for inspection; an organisation learns of it when they come.
	authorities = Reaches{DistrictInspector: Everything, CityInspector: Everything, HealthCommission: Everything}
	grants      = Reaches{OrganisationAdministrator: OwnOrganisation}
)

func open(operation, zh, en string) Rule {
	return Rule{Operation: operation, ZH: zh, EN: en, Public: true}
}
func self(operation, zh, en string) Rule {
	return Rule{Operation: operation, ZH: zh, EN: en, SignedIn: true}
}

// Table is every operation there is. A system administrator sees no waste data; a city
// analyst sees figures and no chain.
func Table() []Rule {
	return slices.Concat(publicRules(), chainRules(), registerRules(), peopleRules(), machineRules(), pageRules())
}

func publicRules() []Rule {
	return []Rule{
		open("submitEvents", "提交已签事件（签名即凭证）", "send signed events; the signature is the credential"),
		open("validateEvent", "试查已签事件", "check a signed event without recording it"),
		open("findBatchByLabel", "扫码：危害与联系方式", "what a finder of a label may know"),
		open("challengeEnrolment", "以一次性码领取质询", "trade a one-time code for a challenge"),
		open("enrolKey", "登记设备密钥", "enrol a device key by proof of possession"),
		open("rotateKey", "更换设备密钥（旧钥签名）", "replace a device key; the old key signs"),
		open("getCheckpoint", "日志检查点", "the log's newest checkpoint"),
		open("getTile", "日志散列块", "a tile of the log"),
		open("getEntryBundle", "日志条目", "entries of the log"),
		open("getVerifierKey", "日志公钥", "the log's key"),
		open("getSuccession", "日志公钥的更替", "how the log's key was succeeded"),
		open("getHealth", "存活", "alive"),
		open("getReadiness", "就绪", "ready"),
		open("createSession", "登录", "sign in"),
		open("acceptInvitation", "凭一次性码启用账号", "take up an account with a one-time code"),
		open("createToken", "客户端凭证换取令牌", "client credentials for a token (RFC 6749 section 4.4)"),
	}
}

func chainRules() []Rule {
	return []Rule{
		{Operation: "validateUnsigned", ZH: "试查未签事件", EN: "check an event before it is signed", Who: Reaches{SiteStaff: OwnOrganisation, Porter: OwnOrganisation,
			Driver: OwnOrganisation, FacilityOperator: OwnOrganisation, OrganisationAdministrator: OwnOrganisation, APIClient: OwnOrganisation}, Scope: ValidateOnly},
		{Operation: "getEvent", ZH: "查看事件", EN: "read an event", Who: chains, Scope: ReadChains, Record: ByAuthority},
		{Operation: "getBatch", ZH: "查看批次", EN: "read a batch", Who: chains, Scope: ReadChains, Record: ByAuthority},
		{Operation: "getBatchChain", ZH: "查看批次链", EN: "read a batch's chain", Who: chains, Scope: ReadChains, Record: ByAuthority},
		{Operation: "getManifest", ZH: "查看联单", EN: "read a manifest", Who: chains, Scope: ReadChains, Record: ByAuthority},
		{Operation: "getBatchBundle", ZH: "下载批次证据", EN: "save a batch's evidence", Who: evidence, Scope: ReadChains, Record: ByAuthority},
		{Operation: "getManifestBundle", ZH: "下载联单证据", EN: "save a manifest's evidence", Who: evidence, Scope: ReadChains, Record: ByAuthority},
		{Operation: "getManifestForm", ZH: "下载联单（表格）", EN: "save a manifest as a form", Who: evidence, Scope: ReadChains, Record: ByAuthority},
		{Operation: "getBatchLabel", ZH: "标签二维码", EN: "the label's QR code", Who: custody, Scope: WriteLabels},
		{Operation: "createBatchLabel", ZH: "换发标签", EN: "make a new label", Who: custody, Scope: WriteLabels, Record: Always},
		{Operation: "revokeLabel", ZH: "作废标签", EN: "withdraw a label", Who: custody, Scope: WriteLabels, Record: Always},
		{Operation: "listCustody", ZH: "在管的袋与余时", EN: "what is in custody at a site", Who: houses, Scope: ReadChains, Record: ByAuthority},
		{Operation: "compareUse", ZH: "用量与产生量之比", EN: "use against waste of a site", Who: houses, Scope: ReadChains, Record: ByAuthority},
		{Operation: "getMonthlyManifest", ZH: "医疗废物每月联单", EN: "a site's monthly manifest", Who: houses, Scope: ReadChains, Record: ByAuthority},
		{Operation: "getTripCards", ZH: "运送登记卡", EN: "the cards of a trip", Who: evidence, Scope: ReadChains, Record: ByAuthority},
		{Operation: "createDraft", ZH: "起草联单", EN: "begin a draft of a manifest", Who: drafts, Scope: ValidateOnly},
		{Operation: "listDrafts", ZH: "查看联单草稿列表", EN: "list drafts of manifests", Who: drafts, Scope: ValidateOnly},
		{Operation: "getDraft", ZH: "查看联单草稿", EN: "read a draft", Who: drafts, Scope: ValidateOnly},
		{Operation: "replaceDraft", ZH: "修改联单草稿", EN: "change a draft", Who: drafts, Scope: ValidateOnly},
		{Operation: "discardDraft", ZH: "丢弃联单草稿", EN: "discard a draft", Who: drafts, Scope: ValidateOnly},
		{Operation: "restoreDraft", ZH: "恢复联单草稿", EN: "restore a discarded draft", Who: drafts, Scope: ValidateOnly},
		{Operation: "checkDraft", ZH: "试查联单草稿", EN: "check a draft as if it were signed now", Who: drafts, Scope: ValidateOnly},
		{Operation: "getSiteTable", ZH: "下载场所台账与联单表", EN: "save a site's ledger and manifests as tables", Who: houses, Scope: ReadChains, Record: ByAuthority},
		{Operation: "getSiteDuties", ZH: "查看场所须备案与申报的期限", EN: "read what a site has to file and by when", Who: houses, Scope: ReadChains, Record: ByAuthority},
		{Operation: "importPast", ZH: "导入往期联单与台账", EN: "import manifests and ledgers of the past", Who: Reaches{OrganisationAdministrator: OwnOrganisation}, Record: Always},
		{Operation: "createStopCode", ZH: "出示一次性收运确认码", EN: "make a one-time code for a pick-up", Who: Reaches{SiteStaff: OwnSites, FacilityOperator: OwnSites,
			OrganisationAdministrator: OwnOrganisation}, Record: Always},
		{Operation: "getSourceStanding", ZH: "查看小源年度量、电池与授权", EN: "how a site stands as a small source", Who: houses, Scope: ReadChains, Record: ByAuthority},
		{Operation: "listAuthorisations", ZH: "查看收集单位所获授权", EN: "list what sources let a collector sign", Who: leaves, Scope: ReadChains, Record: ByAuthority},
		{Operation: "confirmStop", ZH: "凭一次性码确认收运", EN: "confirm a pick-up by the source's code", Who: Reaches{SiteStaff: OwnPerson, Driver: OwnPerson, FacilityOperator: OwnPerson}},
		{Operation: "createBooking", ZH: "预约收运", EN: "book a pick-up", Who: custody, Scope: ValidateOnly, Record: Always},
		{Operation: "listBookings", ZH: "查看预约清单", EN: "list bookings", Who: houses, Scope: ReadChains, Record: ByAuthority},
		{Operation: "getBooking", ZH: "查看预约", EN: "read a booking", Who: houses, Scope: ReadChains, Record: ByAuthority},
		{Operation: "setBookingState", ZH: "撤回或恢复预约", EN: "withdraw a booking, or restore it", Who: custody, Scope: ValidateOnly, Record: Always},
		{Operation: "createTrip", ZH: "安排车次", EN: "plan a trip", Who: planners, Scope: ValidateOnly, Record: Always},
		{Operation: "listTrips", ZH: "查看车次清单", EN: "list trips", Who: rounds, Scope: ReadChains, Record: ByAuthority},
		{Operation: "getTrip", ZH: "查看车次", EN: "read a trip", Who: rounds, Scope: ReadChains, Record: ByAuthority},
		{Operation: "changeTrip", ZH: "修改车次", EN: "change a trip before it begins", Who: planners, Scope: ValidateOnly, Record: Always},
		{Operation: "setTripState", ZH: "取消或恢复车次", EN: "cancel a trip, or restore it", Who: planners, Scope: ValidateOnly, Record: Always},
		{Operation: "listWork", ZH: "待办、在途与逾期", EN: "list what waits, what is on its way, what is overdue", Who: chains, Scope: ReadChains, Record: ByAuthority},
		{Operation: "countWork", ZH: "各清单的件数", EN: "count what is in the lists", Who: chains, Scope: ReadChains, Record: ByAuthority},
		{Operation: "getVehicleLoad", ZH: "查看车上应有的废物", EN: "what should be on a vehicle now", Who: evidence, Scope: ReadChains, Record: ByAuthority},
		{Operation: "searchWaste", ZH: "查找批次与联单", EN: "find batches and manifests", Who: chains, Scope: ReadChains, Record: ByAuthority},
		{Operation: "putManifestScan", ZH: "上传纸质单据扫描件", EN: "bring the scan of a slip", Who: Reaches{SiteStaff: OwnSites, Driver: OwnTrips, FacilityOperator: OwnSites,
			OrganisationAdministrator: OwnOrganisation}, Record: Always},
		{Operation: "getManifestScan", ZH: "查看纸质单据扫描件", EN: "see the scan of a slip", Who: evidence, Scope: ReadChains, Record: ByAuthority},
		{Operation: "listFindings", ZH: "规则意见（异常）清单", EN: "list what the rules find", Who: chains, Scope: ReadChains, Record: ByAuthority},
		{Operation: "countFindings", ZH: "各规则的意见数", EN: "count what each rule finds", Who: chains, Scope: ReadChains, Record: ByAuthority},
		{Operation: "listQuarantine", ZH: "查看隔离的事件", EN: "list what waits in quarantine", Who: Reaches{OrganisationAdministrator: OwnOrganisation,
			DistrictInspector: OwnDistricts, CityInspector: City, HealthCommission: MedicalInCity}, Record: ByAuthority},
	}
}

func registerRules() []Rule {
	figures := Reaches{DistrictInspector: Everything, CityInspector: Everything, HealthCommission: Everything, CityAnalyst: Everything}
	bureaus := Reaches{DistrictInspector: OwnDistricts, CityInspector: Everything}
	return []Rule{
		{Operation: "listIndicators", ZH: "查看指标定义", EN: "list the indicators' definitions", Who: figures},
		{Operation: "getIndicator", ZH: "查看指标数值", EN: "read an indicator's figures", Who: figures},
		{Operation: "getIndicatorEvidence", ZH: "查看指标所据事件", EN: "read the events behind an indicator", Who: bureaus, Record: ByAuthority},
		{Operation: "getReport", ZH: "查看指标报告", EN: "read a report of the indicators", Who: bureaus, Record: ByAuthority},
		{Operation: "listReports", ZH: "查看已存报告", EN: "list the reports that are kept", Who: bureaus, Record: ByAuthority},
		{Operation: "createReport", ZH: "制作并保存指标报告", EN: "make a report and keep it", Who: bureaus, Record: Always},
		{Operation: "getStatement", ZH: "签发指标陈述", EN: "issue a signed statement of figures", Who: figures, Record: ByAuthority},
		{Operation: "getCarbonEffect", ZH: "查看利用途径的碳效应", EN: "read the carbon effect of use routes", Who: figures},
		{Operation: "createSampleList", ZH: "提交随机抽查名单", EN: "hand in a list for random inspection", Who: authorities, Record: Always},
		{Operation: "listDraws", ZH: "查看随机抽取", EN: "list the draws for random inspection", Who: authorities, Record: ByAuthority},
		{Operation: "getDraw", ZH: "查看并重算一次抽取", EN: "read a draw and draw again", Who: authorities, Record: ByAuthority},
		{Operation: "importRegistry", ZH: "导入登记册", EN: "import a register", Who: system, Record: Always},
		{Operation: "getPermits", ZH: "查看许可、车辆、计划及余量", EN: "read permits and what is left of them", Who: permits, Scope: ReadChains, Record: ByAuthority},
		{Operation: "createEnrolment", ZH: "发放设备登记码", EN: "make an enrolment code", Who: devices, Scope: ManageKeys, Record: Always},
		{Operation: "listKeys", ZH: "查看设备", EN: "list device keys", Who: keyWatch, Scope: ManageKeys, Record: ByAuthority},
		{Operation: "getKey", ZH: "查看设备密钥", EN: "read a device key", Who: keyWatch, Scope: ManageKeys, Record: ByAuthority},
		{Operation: "getKeyHistory", ZH: "查看密钥履历", EN: "read a key's history in the log", Who: keyWatch, Scope: ManageKeys, Record: ByAuthority},
		{Operation: "revokeKey", ZH: "吊销设备密钥", EN: "revoke a device key", Who: theirs, Scope: ManageKeys, Record: Always},
		{Operation: "listActs", ZH: "查看访问记录", EN: "read the access record", Who: Reaches{OrganisationAdministrator: OwnOrganisation, CityInspector: Everything, SystemAdministrator: Everything}},
		{Operation: "getMetrics", ZH: "运行指标", EN: "the server's metrics", Who: Reaches{SystemAdministrator: Everything, APIClient: Everything}, Scope: ReadMetrics},
	}
}

func peopleRules() []Rule {
	return []Rule{
		self("getSession", "我的登录与职务", "who I am and what I may do"),
		self("deleteSession", "退出", "sign out"),
		self("deleteSessions", "在所有设备退出", "sign out everywhere"),
		self("changePassword", "更改密码", "change my password"),
		self("beginTOTP", "设置动态口令", "set up a second factor"),
		self("confirmTOTP", "启用动态口令", "switch the second factor on"),
		self("removeTOTP", "停用动态口令", "switch the second factor off"),
		{Operation: "listAccounts", ZH: "查看账号", EN: "list accounts", Who: people},
		{Operation: "inviteAccount", ZH: "开设账号", EN: "invite a person", Who: people, Record: Always},
		{Operation: "renewInvitation", ZH: "重发一次性码", EN: "make a new one-time code", Who: people, Record: Always},
		{Operation: "disableAccount", ZH: "停用账号", EN: "disable an account", Who: people, Record: Always},
		{Operation: "appointAccount", ZH: "任命", EN: "give an appointment", Who: people, Record: Always},
		{Operation: "dismissAccount", ZH: "免除任命", EN: "end an appointment", Who: people, Record: Always},
	}
}

func machineRules() []Rule {
	return []Rule{
		{Operation: "createClient", ZH: "登记对接程序", EN: "register an API client", Who: system, Record: Always},
		{Operation: "listClients", ZH: "查看对接程序", EN: "list API clients", Who: system},
		{Operation: "createClientSecret", ZH: "增发客户端密钥", EN: "add a client secret", Who: system, Record: Always},
		{Operation: "revokeClientSecret", ZH: "作废客户端密钥", EN: "withdraw a client secret", Who: system, Record: Always},
		{Operation: "disableClient", ZH: "停用对接程序", EN: "disable an API client", Who: system, Record: Always},
		{Operation: "listGrants", ZH: "查看授权", EN: "list what clients may do for us", Who: grants},
		{Operation: "putGrant", ZH: "授权对接程序", EN: "let a client act for us", Who: grants, Record: Always},
		{Operation: "deleteGrant", ZH: "收回授权", EN: "withdraw a client's leave", Who: grants, Record: Always},
	}
}

func pageRules() []Rule {
	return []Rule{
		open("page:start", "首页", "start page"),
		open("page:finder", "扫码页", "finder's page"),
		open("page:check", "自行核验页", "page where anybody checks files"),
		open("page:problem", "错误说明", "what a problem means"),
		open("page:asset", "样式与脚本", "style sheets and scripts"),
		open("page:openapi", "接口说明", "the contract"),
		open("page:docs", "接口文档", "API documentation"),
		open("page:signin", "登录页", "sign-in page"),
		open("page:welcome", "启用账号页", "page to take up an account"),
		open("page:phone", "手机应用", "the phone app"),
		open("page:phone-hello", "设备凭签名查看本单位场所名称", "a device that signs the request learns its own organisation's places"),
		self("page:phone-who", "手机应用：我的职务与场所", "the phone app: my appointments and places"),
		self("page:phone-partners", "手机应用：可交给的承运与接收单位", "the phone app: who may take this site's waste"),
		open("page:oidc", "单位统一登录", "sign-in with the organisation's own provider"),
		self("page:home", "登录后的首页", "home page after sign-in"),
		self("page:account", "我的账号", "my account"),
		self("page:signout", "退出", "sign out"),
		self("page:rules", "定义与规则", "definitions and rules"),
		self("page:admin", "管理首页", "administration"),
		{Operation: "page:registers", ZH: "查看登记册", EN: "browse the registers", Who: Reaches{OrganisationAdministrator: OwnOrganisation, DistrictInspector: OwnDistricts,
			CityInspector: City, HealthCommission: MedicalInCity, SystemAdministrator: Everything}, Record: ByAuthority},
		{Operation: "page:devices", ZH: "设备页", EN: "devices page", Who: keyWatch, Scope: ManageKeys},
		{Operation: "page:verify", ZH: "核验证据页", EN: "page to check evidence in the browser", Who: evidence, Scope: ReadChains},
		{Operation: "page:lost", ZH: "挂失页", EN: "lost-phone page", Who: theirs, Scope: ManageKeys},
	}
}
