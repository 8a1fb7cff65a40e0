package report

import (
	"strings"

	"liandan/internal/indicator"
)

// What the page and the workbook call things; the document has the words that programs read.

// kinds name sites' kinds and types of social sources; others stand as they are.
var kinds = map[string]string{"hospital": "医院", "clinic": "诊所", "laboratory": "实验室", "factory": "工厂", "workshop": "维修点", "depot": "收集点", "plant": "处置厂", "landfill": "填埋场",
	"office": "机关", "repair": "机动车维修", "school": "学校", "battery": "电池销售", "retail": "零售", "printing": "印刷", "dry_cleaning": "干洗", "property": "物业", "other": "其他"}

func kind(s string) string {
	if zh, ok := kinds[s]; ok {
		return zh + " " + s
	}
	return s
}

var statuses = map[string]string{string(indicator.Met): "达到目标 meets the target", string(indicator.NotMet): "未达目标 misses the target", string(indicator.NotComputable): "无法计算 not computable"}

func status(s string) string {
	if words, ok := statuses[s]; ok {
		return words
	}
	return s
}

var variants = map[string]string{"": "数值 value", "declared": "申报 declared", "proven": "证实 proven", "all": "全部 all", "generators": "产生单位 generators", "operators": "经营单位 operators"}

// variant names one of the values of an indicator that stand side by side, of a type where it
// names one.
func variant(s string) string {
	name, of, split := strings.Cut(s, ":")
	if words, ok := variants[name]; ok {
		name = words
	}
	if split {
		name += "：" + kind(of)
	}
	return name
}
