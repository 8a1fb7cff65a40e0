// Checks an evidence file in the browser, with the same code as liandan-verify, built for
// WebAssembly. The file does not leave this device.
"use strict";
(function () {
  var box = document.getElementById("verifier");
  var status = document.getElementById("status");
  var out = document.getElementById("report");
  var ready;

  function say(zh, en) { status.textContent = zh + " " + en; }

  function load() {
    if (!ready) {
      ready = fetch(box.dataset.program).then(function (r) {
        if (!r.ok) throw new Error("HTTP " + r.status);
        return new Response(r.body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
      }).then(function (bytes) {
        var go = new Go();
        return WebAssembly.instantiate(bytes, go.importObject).then(function (w) { go.run(w.instance); });
      });
    }
    return ready;
  }

  function add(to, tag, text, kind) {
    var e = document.createElement(tag);
    if (text) e.textContent = text;
    if (kind) e.className = kind;
    to.appendChild(e);
    return e;
  }

  // One sentence in both languages.
  function both(to, tag, zh, en, kind) {
    var e = add(to, tag, zh, kind);
    var s = add(e, "span", " " + en);
    s.lang = "en";
    return e;
  }

  var verdicts = {
    sound: ["无误：逐项核对，全部成立", "Sound: everything that the file can prove was checked and holds", "met"],
    findings: ["有发现：见下", "Findings: see below", "not_met"],
    unchecked: ["未能全部核对", "Not everything could be checked", "not_computable"],
  };

  function list(title, titleEN, lines, open) {
    if (!lines || !lines.length) return;
    var d = add(out, "details");
    d.open = open;
    both(d, "summary", title + "（" + lines.length + "）", titleEN);
    var ul = add(d, "ul");
    lines.slice(0, 200).forEach(function (l) {
      var at = l.where ? l.where.seq : l.seq;
      both(ul, "li", (at === undefined ? "" : "#" + at + " ") + (l.zh || ""), l.en || "");
    });
    if (lines.length > 200) both(ul, "li", "其余 " + (lines.length - 200) + " 项从略", (lines.length - 200) + " more");
  }

  function show(answer) {
    out.textContent = "";
    if (answer.error) {
      both(out, "p", "未能核对：不是可读的证据文件。", answer.error.sentence, "big not_computable");
      return;
    }
    var r = answer.report, v = verdicts[r.verdict];
    both(out, "p", v[0], v[1], "big " + v[2]).id = "verdict";
    both(out, "p", "日志 " + r.origin + "，检查点 " + r.size + " 条；文件中 " + r.entries + " 条、公钥 " + r.keys + " 把",
      r.entries + " entries and " + r.keys + " keys of the log " + r.origin + " at " + r.size + " entries", "hint");
    list("不成立之处", "What does not hold", r.broken, true);
    list("发现", "Findings", r.findings, true);
    var table = add(add(out, "div", "", "scroll"), "table");
    table.parentNode.tabIndex = 0;
    r.checks.forEach(function (c) {
      var tr = add(table, "tr");
      both(tr, "td", c.ok ? "✓ 成立" : "✗ 不成立", c.ok ? "holds" : "does not", c.ok ? "met" : "not_met");
      both(tr, "td", c.zh, c.en);
      add(tr, "td", String(c.count), "n");
    });
    list("提示", "Remarks", r.remarks, false);
    list("请留意", "Notes", r.notes, true);
    list("未核对", "Not checked", r.unchecked, true);
  }

  function check(bytes) {
    say("正在核验…", "Checking…");
    return load().then(function () {
      var key = document.getElementById("key").value;
      show(JSON.parse(liandanVerify(bytes, key)));
      say("核验完成，未联系服务器。", "Checked, without asking the server.");
    });
  }

  function failed(e) { say("没有完成：" + e.message, "Not done."); }

  function fetched() {
    say("正在下载证据…", "Fetching the evidence…");
    return fetch(box.dataset.bundle, { headers: { Accept: "application/json" } }).then(function (r) {
      if (!r.ok) throw new Error("HTTP " + r.status);
      return r.arrayBuffer();
    }).then(function (b) { return check(new Uint8Array(b)); });
  }

  document.getElementById("file").addEventListener("change", function (e) {
    if (!e.target.files.length) return;
    e.target.files[0].arrayBuffer().then(function (b) { return check(new Uint8Array(b)); }).catch(failed);
  });
  var again = document.getElementById("again");
  if (again) again.addEventListener("click", function () { fetched().catch(failed); });
  if (box.dataset.bundle) fetched().catch(failed);
  else load().then(function () { say("已就绪，请选择文件。", "Ready: choose a file."); }).catch(failed);
})();
