package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"liandan/internal/merkle"
	"liandan/internal/server"
)

// runLogKey shows the keys that the log has had, or gives it a new one.
func runLogKey(ctx context.Context, t terminal, args []string) (int, error) {
	fs := flags(t, "log-key")
	out := fs.String("out", "", "新私钥文件，仅用于 LIANDAN_LOG_KEY file for the new key, when the key comes from LIANDAN_LOG_KEY")
	cfg, plain, err := settings(t, fs, args)
	if err != nil {
		return 0, err
	}
	if len(plain) != 1 || plain[0] != "show" && plain[0] != "rotate" || plain[0] == "show" && *out != "" {
		return 0, fmt.Errorf("用法 usage: liandan log-key show | liandan log-key rotate [--out FILE]")
	}
	return exitOK, opened(ctx, t, cfg, func(p *server.Parts) error {
		if plain[0] == "show" {
			return showLogKeys(t.out, p)
		}
		if err := p.Act(ctx, "rotateLogKey", merkle.ShortKey(p.VKey)); err != nil {
			return err
		}
		r, err := p.RotateKey(ctx, *out)
		if err != nil {
			return err
		}
		printRotation(t.out, r)
		return nil
	})
}

// showLogKeys prints the log's keys, oldest first, with the times between which each
// signed.
func showLogKeys(w io.Writer, p *server.Parts) error {
	keys, err := p.LogKeys()
	if err != nil {
		return err
	}
	steps := keys.Steps()
	for i, vkey := range keys.VKeys() {
		from, to := "日志开始 the log's beginning", "现用 in force"
		if i > 0 {
			from = steps[i-1].At.Format(time.RFC3339)
		}
		if i < len(steps) {
			to = steps[i].At.Format(time.RFC3339)
		}
		mine := ""
		if vkey == p.VKey {
			mine = "  ← 本机 this server's"
		}
		fmt.Fprintf(w, "%s\n  自 from %s, 至 to %s%s\n", vkey, from, to, mine)
	}
	if keys.Newest() != p.VKey {
		fmt.Fprintf(w, "本机的密钥不是现用密钥 this server's key is not the one in force\n")
	}
	return nil
}

// printRotation says what was done and what the operator has to do now. It never shows a
// key's secret half.
func printRotation(w io.Writer, r server.Rotation) {
	done := "日志密钥已更替 the log's key was rotated"
	if r.Continued {
		done = "先前开始的更替已完成 the rotation that was begun before is finished"
	}
	fmt.Fprintf(w, "%s (%s)\n", done, r.Succession.At.Format(time.RFC3339))
	fmt.Fprintf(w, "  旧 old  %s\n  新 new  %s\n\n", r.Succession.Old, r.Succession.New)
	fmt.Fprint(w, "现在须做 To do now. 在此之前各服务拒绝收录 Until then every server refuses to record:\n")
	switch {
	case r.FromEnv && r.NewKey == "":
		fmt.Fprint(w, "  1. 各服务器的 LIANDAN_LOG_KEY 均须为新密钥\n     LIANDAN_LOG_KEY must be the new key on every server\n")
	case r.FromEnv:
		fmt.Fprintf(w, "  1. 将文件中的新密钥设为各服务器的 LIANDAN_LOG_KEY，随后删除该文件\n     set LIANDAN_LOG_KEY on every server to the key in the file, then remove the file: %s\n", r.NewKey)
	default:
		fmt.Fprintf(w, "  1. 将新密钥文件复制到本日志其他每台服务器的数据目录（权限 600）\n     copy the new key file into the data folder of every other server of this log (mode 600): %s\n", r.NewKey)
	}
	fmt.Fprint(w, "  2. 重新启动每台服务 start every server again\n")
	fmt.Fprint(w, "  3. 公布新公钥；旧公钥仍可核对 publish the new verifier key; who knows the old one can follow /log/succession\n")
	if r.OldKey != "" {
		fmt.Fprintf(w, "  4. 旧密钥保留至 %s，届时自动删除；更替之后的备份到手即可提前删除\n     the old key is kept until then and removed by itself; remove it sooner, once you have a backup from after the rotation: %s\n",
			r.KeptUntil.Format(time.DateOnly), r.OldKey)
	}
}
