package access

import (
	"fmt"
	"strings"
)

// Document writes the policy for people to read: one line for each operation, Markdown,
// Chinese first.
func Document(rules []Rule) string {
	var b strings.Builder
	b.WriteString("# 访问策略 Access policy\n\n" +
		"谁可以看什么、做什么。未列出的一律拒绝；不属于自己的与不存在的，回答完全相同。\n" +
		"Who may see and do what. What is not listed is refused; what is not one's own answers like what does not exist.\n\n" +
		"记录：● 每次写入访问记录；◐ 执法人员查阅时写入。记录的散列进入公开日志。\n" +
		"Record: ● written into the access record each time; ◐ when an authority reads. The record's hashes are in the public log.\n")
	group(&b, "公开 Open to everybody", rules, func(r Rule) bool { return r.Public })
	group(&b, "登录者本人 Every signed-in person, for what is their own", rules, func(r Rule) bool { return r.SignedIn })
	b.WriteString("\n## 职务 Roles\n\n| | 职务 role | 代号 word |\n|---|---|---|\n")
	for i, r := range Roles() {
		zh, en := r.Words()
		fmt.Fprintf(&b, "| %s | %s %s | `%s` |\n", letter(i), zh, en, r)
	}
	b.WriteString("\n## 按职务 By role\n\n| 操作 operation |")
	for i := range Roles() {
		b.WriteString(" " + letter(i) + " |")
	}
	b.WriteString(" 授权范围 scope | 记录 |\n|---|" + strings.Repeat("---|", len(Roles())+2) + "\n")
	for _, r := range rules {
		if !r.Public && !r.SignedIn {
			r.row(&b)
		}
	}
	return b.String()
}

var recordMark = map[Record]string{Never: "", ByAuthority: "◐", Always: "●"}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func group(b *strings.Builder, title string, rules []Rule, in func(Rule) bool) {
	fmt.Fprintf(b, "\n## %s\n\n", title)
	for _, r := range rules {
		if in(r) {
			fmt.Fprintf(b, "- `%s` %s %s\n", r.Operation, r.ZH, r.EN)
		}
	}
}

// letter names a role's column.
func letter(i int) string { return string(rune('A' + i)) }

// row writes one operation with a cell for each role.
func (r Rule) row(b *strings.Builder) {
	fmt.Fprintf(b, "| `%s`<br>%s<br>%s |", r.Operation, r.ZH, r.EN)
	for _, role := range Roles() {
		zh, en := r.Who[role].Words()
		if r.Who[role] == None {
			fmt.Fprintf(b, " %s |", zh)
			continue
		}
		fmt.Fprintf(b, " %s<br>%s |", zh, en)
	}
	fmt.Fprintf(b, " %s | %s |\n", code(string(r.Scope)), recordMark[r.Record])
}
