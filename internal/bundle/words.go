package bundle

import (
	"liandan/internal/fault"
	"liandan/internal/party"
)

// chinese says in Chinese what a fault of a kind means for a reader of evidence. The
// English sentence beside it carries the details.
var chinese = map[fault.Kind]string{
	fault.TooLarge:       "超出大小限制",
	fault.MalformedJWS:   "签名文本（JWS）残缺或被改动",
	fault.AlgNotAllowed:  "签名算法不在允许之列",
	fault.HeaderMember:   "签名头部成员不合规定",
	fault.MalformedEvent: "事件内容不是严格的 JSON",
	fault.InvalidEvent:   "事件内容不合其类型的规定",
	fault.UnknownType:    "未知的事件类型",
	fault.BadSignature:   "签名无效：与密钥和内容不符",
	fault.KeyRevoked:     "签名时密钥已被吊销",
	fault.KeyContested:   "签名时间在密钥遗失之后、挂失之前",
	fault.KeyNotYetValid: "签名时密钥尚未生效",
	fault.KeyExpired:     "签名时密钥已过期",
	fault.WrongStage:     "该环节此时不应发生",
	fault.NotCustodian:   "签名单位此时不是保管人",
}

func inChinese(err error) string {
	if s, ok := chinese[fault.Of(err)]; ok {
		return s
	}
	return "不合规定（" + string(fault.Of(err)) + "）"
}

// asParty is the key as package party judges its validity, where the file has nothing but
// the maker's word: when a loss was reported is not in that, so all from the loss counts
// as refused.
func (k Key) asParty() party.Key {
	return party.Key{Kid: k.Kid, Party: k.Party, Person: k.Person, Device: k.Device, Valid: k.Valid, RevokedAt: k.RevokedAt, RefusedFrom: k.RevokedAt}
}
