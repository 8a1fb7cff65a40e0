package web

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"liandan/internal/collection"
	"liandan/internal/fault"
)

// plannedWords are what is wrong with a plan, Chinese: by the first and last name of the
// pointer and the code. The English is the service's own.
var plannedWords = map[string]string{
	"/vehicle required":         "请选择车辆，或填车牌号",
	"/vehicle length":           "车牌号最多 16 个字",
	"/driver unknown":           "请选择驾驶员；须是登记在本单位名下的人员",
	"/day format":               "应为日期",
	"/day past":                 "不能早于今天",
	"/day out_of_range":         "只能安排 92 天以内的",
	"/stops length":             "须有 1 至 100 站；勾选预约或查找产废单位，加入后再保存",
	"/stops/site unknown":       "登记册中没有这个场所，或已停用",
	"/stops/site own":           "是本单位自己的场所",
	"/stops/site repeated":      "同一场所出现两次",
	"/stops/booking unknown":    "不是该场所在本单位的预约",
	"/stops/booking taken":      "预约已排进别的车次",
	"/stops/booking done":       "预约的已经收走",
	"/stops/booking withdrawn":  "预约已撤回",
	"/stops stale":              "有一个预约刚被改过，请核对后再保存",
	"/collector role":           "登记册中不是收集、运输或利用处置单位",
	"/collector unknown":        "登记册中没有这个单位",
	"/reason required":          "必须填写原因",
	"/version stale":            "别人刚改过",
	"/state past":               "已过日期，不能恢复",
	"/state done":               "已经收走",
	"/until past":               "必须在现在以后",
	"/until out_of_range":       "须晚于开始时间，且在 92 天以内",
	"/from past":                "不能早于今天",
	"/lines length":             "须有 1 至 20 种废物",
	"/lines/code repeated":      "同一代码写了两次",
	"/lines/code format":        "代码写法不对，应如 900-214-08",
	"/lines/grams format":       "重量应为千克数，如 12.5",
	"/lines/grams out_of_range": "重量须大于 0，不超过 100 吨",
	"/site unknown":             "请选择场所",
	"/collector own":            "不能向自己预约",
	" repeated":                 "同样的预约已有一个在等",
}

// inChinese gives what is wrong with a form of the office its Chinese words.
func inChinese(f *fault.Error) *fault.Error {
	out := *f
	out.Fields = slices.Clone(f.Fields)
	for i := range out.Fields {
		x := &out.Fields[i]
		if x.DetailZH == "" {
			part := strings.Split(x.Pointer, "/")
			key := x.Pointer
			if len(part) > 3 {
				key = "/" + part[1] + "/" + part[3]
			}
			x.DetailZH = plannedWords[key+" "+x.Code]
		}
	}
	return &out
}

// planFault puts what is wrong with a plan into words, and what is wrong with a stop beside
// it as well. Where somebody was faster, the form takes up their version: who saves again
// has been told.
func (s *Site) planFault(ctx context.Context, o *planPage, p plan, err error) (map[int][]line, error) {
	rows := map[int][]line{}
	f := fault.As(err)
	if f == nil {
		return rows, err
	}
	f = inChinese(f)
	for i := range f.Fields {
		x := &f.Fields[i]
		part := strings.Split(x.Pointer, "/")
		if len(part) < 3 || part[1] != "stops" {
			if x.Code == "stale" && !p.ID.IsZero() {
				if now, err := s.Desk.Collection.FindTrip(ctx, p.ID); err == nil {
					o.Version = now.Version
				}
			}
			continue
		}
		n, err := strconv.Atoi(part[2])
		if err != nil || n < 0 || n >= len(p.Stops) {
			continue
		}
		rows[n] = append(rows[n], line{x.DetailZH + "。", "This stop " + x.Detail + "."})
		x.Pointer, x.DetailZH, x.Detail = "/stops", fmt.Sprintf("第 %d 站：%s", n+1, x.DetailZH), fmt.Sprintf("%d %s", n+1, x.Detail)
	}
	return rows, f
}

// planConflict says why a plan could not be kept although nothing is wrong with it.
func planConflict(err error) map[fault.Kind]line {
	f := fault.As(err)
	if f == nil || f.Kind != fault.Conflict {
		return nil
	}
	zh := "没有保存；下面列出原因。"
	for _, x := range f.Fields {
		switch x.Code {
		case "stale":
			zh = "没有保存：别人刚改过。请核对；再按一次保存，将以您填的为准。"
		case "begun":
			zh = "没有保存：这个车次已经开始，发生的事都有签名。不去的站由驾驶员在手机上签“跳过”。"
		case "cancelled":
			zh = "没有保存：车次已取消，请先恢复。"
		}
	}
	return map[fault.Kind]line{fault.Conflict: {zh, f.Sentence}}
}

// begun says whether signed events name a trip: it is no longer changed.
func begun(t collection.TripView) bool { return t.Trip.Events > 0 }
