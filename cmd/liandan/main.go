// Command liandan is the whole product: the server, its demo, and the tools of an
// operator and an integrator.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"runtime/pprof"
	"syscall"
)

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200) // a server's live heap is small; half the collections for a few MiB
	}
	stopProfile := profile(os.Getenv("LIANDAN_CPUPROFILE"))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv})
	stop()
	stopProfile()
	os.Exit(code)
}

// profile writes a CPU profile of the whole run to a file, for `make bench` and for
// operators who want to know where the time goes. It is off without a name.
func profile(file string) (stop func()) {
	if file == "" {
		return func() {}
	}
	f, err := os.Create(file)
	if err == nil {
		err = pprof.StartCPUProfile(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "liandan: no profile:", err)
		return func() {}
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}
}

// terminal is what a command reads and writes.
type terminal struct {
	in  io.Reader
	out io.Writer
	err io.Writer
	env func(string) string
}

// Exit codes.
const (
	exitOK       = 0
	exitFindings = 1 // the command worked; what it looked at is not sound
	exitFailed   = 2
)

// a command runs with its own flags. An error is printed and means exitFailed.
type command struct {
	name    string
	zh, en  string
	run     func(ctx context.Context, t terminal, args []string) (int, error)
	general string // arguments after the flags, for the usage line
}

func commands() []command {
	return []command{
		{"serve", "启动服务", "start the server", runServe, ""},
		{"demo", "样例城市的一天，然后继续服务", "play a sample city's day through the real intake, then keep serving", runDemo, ""},
		{"replay", "重放真实联单样本", "replay a file of real manifests through the intake", runReplay, "FILE"},
		{"migrate", "更新数据库结构", "bring the database's schema up to date", runMigrate, ""},
		{"import", "导入登记册", "import a register from CSV; which kinds there are it says without a kind", runImport, "KIND FILE.csv"},
		{"import-catalog", "导入名录正式文本", "import the official text of an edition of the waste catalogue", runImportCatalog, "--edition ID --from DAY FILE.csv"},
		{"import-past", "导入往期联单、台账", "import manifests or ledgers of the past from csv or xlsx, marked as imported", runImportPast, "manifests|ledger FILE --site SITE"},
		{"export", "导出证据包", "export the evidence bundle of a batch or manifest", runExport, "batch|manifest ID"},
		{"export-log", "导出整个日志", "export the whole log as one file, to check offline with liandan-verify --log", runExportLog, ""},
		{"export-ledger", "导出场所台账", "export a site's ledger (HJ 1259) or manifests as xlsx or csv", runExportLedger, "SITE --from DAY --to DAY"},
		{"report", "指标报告：制作、保存、列出、取出", "make the report of a period as xlsx, a page or JSON; keep, list and get kept ones", runReport, "--period PERIOD FILE | keep --period PERIOD | list | get ID FILE"},
		{"statement", "签发指标陈述", "issue the signed statement of a period's figures", runStatement, "--period PERIOD"},
		{"check", "核查整个存储", "check the whole store and name the first damaged place", runCheck, ""},
		{"rebuild", "由日志重建全部派生表", "recreate every projection from the log and report differences", runRebuild, ""},
		{"policy", "打印访问策略", "print who may see and do what", runPolicy, ""},
		{"admin", "系统管理员的一次性码", "one-time code for the first administrator, or for one who is locked out", runAdmin, ""},
		{"token", "发放、列出、吊销访问令牌", "make, list and revoke bearer tokens", runToken, "[list | revoke NAME]"},
		{"log-key", "查看或更替日志密钥", "show the log's keys, or give it a new one", runLogKey, "show | rotate"},
		{"keygen", "生成设备密钥", "make a device key", runKeygen, ""},
		{"sign", "签署事件", "sign an event payload: JSON in, compact JWS out", runSign, "[FILE]"},
		{"send", "发送已签事件", "send signed events, one a line", runSend, "[FILE]"},
	}
}

func run(ctx context.Context, args []string, t terminal) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(t.out)
		return exitOK
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		code, err := c.run(ctx, t, args[1:])
		if errors.Is(err, flag.ErrHelp) {
			return exitOK
		}
		if err != nil {
			fmt.Fprintf(t.err, "liandan %s: %v\n", c.name, err)
			return exitFailed
		}
		return code
	}
	fmt.Fprintf(t.err, "liandan: 没有命令 there is no command %q\n\n", args[0])
	usage(t.err)
	return exitFailed
}

func usage(w io.Writer) {
	fmt.Fprint(w, "联单 liandan —— 危险废物、医疗废物全过程签名记录 signed chains for hazardous and medical waste\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  liandan %-8s %-20s %s — %s\n", c.name, c.general, c.zh, c.en)
	}
	fmt.Fprint(w, "\nliandan COMMAND -h 显示参数 shows a command's flags\n")
}

// flags makes a command's flag set that prints to the terminal and never exits.
func flags(t terminal, name string) *flag.FlagSet {
	fs := flag.NewFlagSet("liandan "+name, flag.ContinueOnError)
	fs.SetOutput(t.err)
	return fs
}

// parse reads flags that may stand before or after the plain arguments.
func parse(fs *flag.FlagSet, args []string) ([]string, error) {
	var plain []string
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		if fs.NArg() == 0 {
			return plain, nil
		}
		plain = append(plain, fs.Arg(0))
		args = fs.Args()[1:]
	}
}

// input opens the file that was named, or standard input for "-" and none.
func input(t terminal, named ...string) (io.ReadCloser, error) {
	if len(named) == 0 || named[0] == "-" {
		return io.NopCloser(t.in), nil
	}
	return os.Open(named[0])
}
