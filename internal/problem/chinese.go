package problem

import (
	"strconv"
	"strings"

	"liandan/internal/fault"
)

// inChinese is what is wrong with one member, for whoever reads Chinese: its own sentence where
// the service wrote one, else the member's name and what its code means. The English sentence
// beside it has the particulars.
func inChinese(f fault.Field) string {
	if f.DetailZH != "" {
		return f.DetailZH
	}
	said := codeWords[f.Code]
	if said == "" {
		said = "内容有误"
	}
	name, row := "", ""
	for part := range strings.SplitSeq(f.Pointer, "/") {
		if n, err := strconv.Atoi(part); err == nil {
			row = "第 " + strconv.Itoa(n+1) + " 项"
		} else if w := memberWords[part]; w != "" {
			name = w
		}
	}
	switch {
	case name == "" && row == "":
		return said + "。"
	case row == "":
		return name + "：" + said + "。"
	case name == "":
		return row + "：" + said + "。"
	}
	return name + "（" + row + "）：" + said + "。"
}

// codeWords says what the codes of fields mean. The intake's are all here; a test looks.
var codeWords = map[string]string{
	"ambiguous": "不止一个，分不清是哪一个", "certainty": "把握程度的写法不对", "challenge": "不是发给它的质询", "changed": "已被改过，与所写的不同", "characters": "含有不允许的字符",
	"class": "类别不对", "code": "代码不对", "date": "日期不对", "empty": "不能为空", "format": "写法不对",
	"id": "编号不对", "invalid_utf8": "不是有效的 UTF-8 文字", "length": "长度或个数不对", "material": "应为原料或产品", "missing": "缺少应有的内容",
	"mixed": "不能混在一起", "more_than_listed": "比列出的多", "not_allowed": "这里不能填写", "not_concerned": "与它无关", "not_contested": "没有争议，不必裁定",
	"not_covered": "不在授权或确认的范围内", "not_integer": "必须是整数", "not_null": "这里不能写空值", "numbered": "编号已有，不能再编", "one_of": "只能有其中一个",
	"operator": "不是经营单位", "order": "先后不对", "other": "与另一处不符", "other_batch": "属于另一批次", "other_key": "是另一把密钥",
	"other_sheet": "是另一张表的", "part": "部分接受的写法不对", "past": "已经过去，应在将来", "profile": "这种转移模式不收", "reference": "所引的记录不对",
	"repeated": "重复了", "repeated_member": "同一项写了两次", "required": "必须填写", "role": "该单位没有这一身份", "ruled": "已有裁定",
	"same": "与原来的一样", "same_key": "是同一把密钥", "sample": "与名单不符", "sealed": "已由签名封存，不能更正", "signature": "签名不符",
	"signer": "应为另一家单位：提出者已视为同意", "sum": "合计不对", "syntax": "不是有效的 JSON", "taken": "已被使用", "too_deep": "嵌套太深",
	"trailing_data": "后面还有多余的内容", "truncated": "内容不完整", "type": "类型不对", "unknown": "登记册或目录里没有", "unknown_member": "没有这一项",
	"unknown_profile": "没有这种转移模式", "unknown_type": "没有这种事件", "value": "不是可选的内容", "version": "版本不对", "waste_code": "废物代码不对",
	"out_of_range": "超出范围",
}

// memberWords names the members of an event.
var memberWords = map[string]string{
	"accidents": "事故次数", "at": "时间", "authorisation": "授权", "batches": "批次", "behalf": "代签", "carrier": "承运人",
	"changes": "更正内容", "children": "新容器", "code": "废物代码", "codes": "废物代码", "confirmation": "收运码确认", "consignee": "接受人",
	"consignee_site": "接受场所", "consignor": "移出人", "container": "容器编号", "department": "科室", "event": "事件", "facility": "设施",
	"form": "形态", "from": "起始", "generator": "产生单位", "grams": "重量", "id": "编号", "inspected": "被检查场所",
	"items": "检查项", "kind": "种类", "label": "标签", "layers": "包装层数", "major_accidents": "重大事故次数", "manifest": "联单",
	"material": "原料", "measured": "称重方式", "measures": "已采取的措施", "method": "利用处置方式", "new": "新值", "no": "项号",
	"note": "备注", "number": "联单编号", "old": "原值", "packages": "件数", "packaging": "包装", "parties": "须同意的单位",
	"party": "单位", "permit": "许可证", "person": "人员", "place": "地点", "points": "得分", "product": "产品",
	"profile": "转移模式", "reason": "原因", "refs": "所引记录", "refused_grams": "拒收的重量", "remark": "说明", "reported_to": "已告知的部门",
	"reservation": "保留意见", "residue_grams": "残渣重量", "residues": "残渣", "rest": "退回部分的编号", "result": "结果", "room": "库房",
	"scale": "衡器编号", "seen": "所见记录", "sheet": "检查表", "signed": "纸质签名", "site": "场所", "stop": "停靠点",
	"temperature_dc": "温度", "to": "交给谁", "to_site": "送到的场所", "total": "合计", "trip": "行程", "type": "事件类型",
	"until": "截止时间", "v": "格式版本", "vehicle": "车牌", "verdict": "验收结果", "version": "版本", "with": "同行人员",
}
