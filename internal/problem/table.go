package problem

import (
	"net/http"

	"liandan/internal/fault"
)

// Row is what the edge says about one kind of fault.
type Row struct {
	Status int    // HTTP status
	ZH     string // title, Chinese
	EN     string // title, English
}

// table has one row for each kind; a test holds it against fault.Kinds. Statuses are
// those of openapi.yaml.
var table = map[fault.Kind]Row{
	fault.TooLarge:       {http.StatusRequestEntityTooLarge, "内容过大", "Too large"},
	fault.TooManyLines:   {http.StatusRequestEntityTooLarge, "行数过多", "Too many lines"},
	fault.MediaType:      {http.StatusUnsupportedMediaType, "不接受这种内容类型", "Content type not taken here"},
	fault.MalformedJWS:   {http.StatusBadRequest, "不是完整的紧凑 JWS", "Not a whole compact JWS"},
	fault.AlgNotAllowed:  {http.StatusBadRequest, "不接受这种签名算法", "Signature algorithm not accepted"},
	fault.HeaderMember:   {http.StatusBadRequest, "JWS 头的成员不对", "Wrong members in the JWS header"},
	fault.MalformedEvent: {http.StatusBadRequest, "载荷不是严格的 JSON", "The payload is not strict JSON"},
	fault.InvalidEvent:   {http.StatusUnprocessableEntity, "事件内容不符合该类型的格式", "The event breaks its type's schema"},
	fault.UnknownType:    {http.StatusUnprocessableEntity, "没有这种事件类型", "No such event type"},
	fault.UnknownProfile: {http.StatusUnprocessableEntity, "没有这种转移模式", "No such transfer profile"},
	fault.InvalidRequest: {http.StatusUnprocessableEntity, "请求内容或参数有误", "The body or a parameter is wrong"},
	fault.UploadCutShort: {http.StatusBadRequest, "上传中途断开", "The upload was cut short"},
	fault.InvalidImport:  {http.StatusUnprocessableEntity, "不是所要的 CSV", "Not the CSV that is asked for"},

	fault.UnknownKey:     {http.StatusForbidden, "未登记的密钥", "The key is not enrolled"},
	fault.KeyOfOther:     {http.StatusForbidden, "密钥属于其他单位或其他人", "The key is another party's or person's"},
	fault.KeyNotYetValid: {http.StatusForbidden, "密钥当时尚未生效", "The key was not valid yet"},
	fault.KeyExpired:     {http.StatusForbidden, "密钥当时已过期", "The key had expired"},
	fault.KeyRevoked:     {http.StatusForbidden, "密钥已吊销", "The key was revoked"},
	fault.KeyContested:   {http.StatusConflict, "签名时密钥可能已失窃，待执法人员裁定", "Signed while the key may have been stolen; an inspector decides"},
	fault.BadSignature:   {http.StatusForbidden, "签名不符", "The signature does not fit"},
	fault.UnknownSite:    {http.StatusForbidden, "不是该单位的场所", "Not a site of the party"},
	fault.RoleMissing:    {http.StatusForbidden, "该单位没有所需的身份", "The party has not the role"},

	fault.SignInRefused:      {http.StatusUnauthorized, "登录未成功", "Not signed in"},
	fault.SecondFactorNeeded: {http.StatusUnauthorized, "还需要动态口令", "A second factor is needed"},
	fault.InvitationRefused:  {http.StatusForbidden, "一次性码无效", "The one-time code is refused"},
	fault.ForgedRequest:      {http.StatusForbidden, "请求不是从本站页面发出的", "The request did not come from this site's page"},
	fault.WeakPassword:       {http.StatusUnprocessableEntity, "密码太弱", "The password is too weak"},
	fault.TooManyAttempts:    {http.StatusTooManyRequests, "尝试次数过多", "Too many attempts"},
	fault.QuotaExceeded:      {http.StatusTooManyRequests, "超出调用配额", "Over the client's quota"},

	fault.IDReused:     {http.StatusConflict, "事件标识已被另一事件使用", "The id is another event's already"},
	fault.WrongStage:   {http.StatusConflict, "此时不能发生这一步", "This step may not come now"},
	fault.NotCustodian: {http.StatusConflict, "该批次不在签名单位手中", "The signer does not hold the batch"},
	fault.SeenUnknown:  {http.StatusConflict, "签名人所见的记录不在本日志中", "The signer saw an entry that this log lacks"},
	fault.LabelTaken:   {http.StatusConflict, "标签码已用于另一批次", "The label is on another batch already"},

	fault.InvalidCreditCode: {http.StatusUnprocessableEntity, "统一社会信用代码有误", "Wrong unified social credit code"},
	fault.Conflict:          {http.StatusConflict, "与已有内容冲突", "Conflicts with what is there"},
	fault.EnrolmentRefused:  {http.StatusForbidden, "登记被拒绝", "The enrolment is refused"},

	fault.Unauthorized:     {http.StatusUnauthorized, "需要令牌", "A token is needed"},
	fault.Forbidden:        {http.StatusForbidden, "无权进行此操作", "Not allowed with this token"},
	fault.NotFound:         {http.StatusNotFound, "未找到", "Not found"},
	fault.MethodNotAllowed: {http.StatusMethodNotAllowed, "此地址不支持该方法", "Method not allowed here"},
	fault.LabelMistyped:    {http.StatusBadRequest, "标签码输入有误", "The label's code is mistyped"},
	fault.LabelUnknown:     {http.StatusNotFound, "没有这个标签码", "Unknown label"},
	fault.LabelRevoked:     {http.StatusGone, "标签已作废", "The label was revoked"},

	fault.Unavailable: {http.StatusServiceUnavailable, "暂时不可用", "Not available now"},
	fault.Overloaded:  {http.StatusServiceUnavailable, "服务繁忙", "Too busy now"},
	fault.Damaged:     {http.StatusInternalServerError, "存储的数据已损坏", "Stored data is damaged"},
	fault.Internal:    {http.StatusInternalServerError, "内部错误", "Internal error"},
}

// Of is the row of a kind; a kind without one reads as internal.
func Of(k fault.Kind) Row {
	if r, ok := table[k]; ok {
		return r
	}
	return table[fault.Internal]
}

// Known says whether there is such a kind.
func Known(k fault.Kind) bool {
	_, ok := table[k]
	return ok
}
