// Checks every file that liandan-verify takes, in the browser, with the same code built for
// WebAssembly: evidence of a batch or manifest, a draw, a statement of figures, an export of
// the log, successions of its key. The files do not leave this device.
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

  var key = document.getElementById("key");
  // What was dropped so far: a statement waits for its export, an export for nothing.
  var held = { alone: [], log: null, statement: null, notes: "" };

  var kinds = {
    evidence: ["批次或联单的证据文件", "evidence of a batch or manifest"],
    draw: ["随机抽取文件", "a draw"],
    statement: ["指标陈述", "a statement of figures"],
    log: ["日志导出文件", "an export of the log"],
    succession: ["日志密钥更替记录", "successions of the log's key"],
  };

  function title(name, kind) {
    var h = add(out, "h2", name);
    var s = add(h, "small", kinds[kind][0] + " ");
    add(s, "span", kinds[kind][1]).lang = "en";
  }

  function verdict(v, words) {
    var w = words || verdicts[v];
    var p = both(out, "p", w[0], w[1], "big " + verdicts[v][2]);
    if (!document.getElementById("verdict")) p.id = "verdict"; // of the first file
  }

  function refused(error) {
    both(out, "p", key.value.trim() ? "未能核对：文件或公钥不可用。" : "未能核对：文件不可读，或须先在上面填写日志公钥。", error.sentence, "big not_computable refused");
    list("详情", "Details", (error.fields || []).map(function (f) { return { zh: f.pointer, en: f.detail }; }), false);
  }

  function tableOf(rows) {
    var table = add(add(out, "div", "", "scroll"), "table");
    table.parentNode.tabIndex = 0;
    rows.forEach(function (cells) {
      var tr = add(table, "tr");
      cells.forEach(function (c) { if (Array.isArray(c)) both(tr, "td", c[0], c[1], c[2]); else add(tr, "td", c === undefined ? "" : String(c), typeof c === "number" ? "n" : ""); });
    });
    return table;
  }

  var marks = { ok: ["✓ 成立", "holds", "met"], no: ["✗ 不成立", "does not", "not_met"], open: ["? 未能核对", "could not be checked", "not_computable"] };

  function ofChain(r) {
    verdict(r.verdict);
    both(out, "p", "日志 " + r.origin + "，检查点 " + r.size + " 条；文件中 " + r.entries + " 条、公钥 " + r.keys + " 把",
      r.entries + " entries and " + r.keys + " keys of the log " + r.origin + " at " + r.size + " entries", "hint");
    list("不成立之处", "What does not hold", r.broken, true);
    list("发现", "Findings", r.findings, true);
    tableOf(r.checks.map(function (c) { return [c.ok ? marks.ok : marks.no, [c.zh, c.en], c.count]; }));
    list("提示", "Remarks", r.remarks, false);
    list("请留意", "Notes", r.notes, true);
    list("未核对", "Not checked", r.unchecked, true);
  }

  // The drawn, in order: by the ids that the file has, for names are the register's.
  function ids(title, titleEN, all, open, drawn) {
    if (!all || !all.length) return;
    var d = add(out, "details");
    d.open = open;
    both(d, "summary", title + "（" + all.length + "）", titleEN);
    var l = add(d, drawn ? "ul" : "ol");
    all.slice(0, 2000).forEach(function (x) {
      var li = add(l, "li");
      add(li, "code", x);
      if (drawn && drawn.indexOf(x) >= 0) both(li, "span", " ← 抽中", "drawn", "met");
    });
    if (all.length > 2000) both(l, "li", "其余 " + (all.length - 2000) + " 个从略", (all.length - 2000) + " more");
  }

  var drawVerdicts = {
    sound: ["无误：名单先行冻结，种子当时尚不可知，重新抽取的结果一致", "Sound: the list was frozen first, nobody could know the seed, and drawn again the same are drawn"],
    findings: ["不成立：见下，文件所称的抽取结果不可信", "Does not hold: see below, the result that the file names is not to be believed"],
    unchecked: ["没有不符之处，但未能全部证明：见 ? 各行", "Nothing is wrong, but not all of it is proven: see the lines with ?"],
  };

  function ofDraw(d) {
    verdict(d.verdict, drawVerdicts[d.verdict]);
    var a = d.announced;
    if (a) {
      both(out, "p", a.period + " 第 " + a.round + " 次抽取：" + a.sites + " 个场所中抽 " + a.draw_sites + " 个，" + a.people + " 名检查人员中抽 " + a.draw_people + " 名；种子为日志第 " + a.size + " 条时的根",
        "Round " + a.round + " of " + a.period + ": " + a.draw_sites + " of " + a.sites + " sites and " + a.draw_people + " of " + a.people + " inspectors; the seed is the log's root at " + a.size + " entries");
      if (a.round > 1) both(out, "p", "这是重新抽取。理由：" + (a.reason || "未说明"), "It was drawn again. The reason is beside it.", "trouble");
      both(out, "p", "公布：" + a.at + "，单位 " + a.party + "，事件 " + a.event, "Announced then, by that organisation, with that event", "hint");
    }
    tableOf(d.checks.map(function (c) {
      return [c.wrong ? marks.no : c.unproven ? marks.open : marks.ok, [c.zh, c.en]];
    }));
    ["wrong", "unproven", "remarks"].forEach(function (of) {
      var words = { wrong: ["不成立之处", "What does not hold"], unproven: ["未能证明", "Not proven"], remarks: ["提示", "Remarks"] }[of];
      list(words[0], words[1], [].concat.apply([], d.checks.map(function (c) { return c[of] || []; })), of !== "remarks");
    });
    if (d.verdict === "findings") return;
    ids("抽中的场所，按抽取次序", "Sites drawn, in order", d.sites, true);
    ids("抽中的检查人员，按抽取次序", "Inspectors drawn, in order", d.people, true);
    if (d.list) {
      both(out, "p", "文件只有登记编号，名称见主管部门的公布。", "The file has the ids of the register; names are published by the authority.", "hint");
      ids("冻结的名单：场所", "The frozen list: sites", d.list.sites, false, d.sites);
      ids("冻结的名单：检查人员", "The frozen list: inspectors", d.list.people, false, d.people);
    }
  }

  function ofFigures(r) {
    verdict(r.verdict);
    var s = r.statement;
    if (s) {
      both(out, "p", "陈述：" + s.period + "，" + (s.district || "全市") + "，截止 " + s.cut_off + "，日志 " + s.size + " 条",
        "It speaks of " + s.period + ", " + (s.district || "the whole city") + ", cut off at " + s.cut_off + ", the log at " + s.size + " entries");
    }
    if (r.size) both(out, "p", "导出的日志 " + r.origin + "，" + r.size + " 条", "The export: " + r.size + " entries of " + r.origin, "hint");
    tableOf(r.checks.map(function (c) {
      return [c.ok ? marks.ok : c.could ? marks.no : marks.open, [c.zh, c.en], c.count, c.wrong ? [c.wrong_zh || "", c.wrong] : ""];
    }));
    if (r.mismatches.length) {
      both(out, "h3", "与日志不符的数值", "What is stated otherwise than the log gives it");
      tableOf(r.mismatches.slice(0, 200).map(function (m) {
        return [["指标 " + m.indicator, m.district + " " + m.variant + " " + m.what], ["陈述为 " + m.stated, "stated", "not_met"], ["日志为 " + m.computed, "the log gives"]];
      }));
    }
    list("请留意", "Notes", r.notes, true);
    var of = r.computed || (s && s.indicators);
    if (of) {
      both(out, "h3", r.computed ? "由日志算得" : "陈述所称，未经计算", r.computed ? "Computed from the log" : "As stated, not computed");
      tableOf([].concat.apply([], of.map(function (i) {
        return i.rows[0].figures.map(function (f) {
          return [["指标 " + i.indicator, f.variant], f.value ? f.value + " " + i.unit : "无法计算 not computable: " + f.because, f.numerator + " / " + f.denominator];
        });
      })));
    }
  }

  function one(name, bytes) {
    var kind = liandanKind(bytes);
    title(name, kind);
    var a = JSON.parse(liandanVerify(bytes, key.value, held.notes));
    if (a.error) refused(a.error);
    else if (a.draw) ofDraw(a.draw);
    else if (a.figures) {
      ofFigures(a.figures);
      both(out, "p", "要重新计算各项数值，请把日志导出文件（liandan export-log）一并选入；超过 " + (liandanMaxExport >> 20) + " MiB 的须用离线程序：",
        "To compute the figures anew add the export of the log; one above " + (liandanMaxExport >> 20) + " MiB is for the offline program:");
      add(add(out, "p"), "code", "liandan-verify --log-key VKEY --log EXPORT --statement FILE");
    } else ofChain(a.report);
  }

  function ofLog() {
    var names = held.log.name + (held.statement ? " + " + held.statement.name : "");
    title(names, held.statement ? "statement" : "log");
    return liandanVerifyLog(held.log.bytes, held.statement ? held.statement.bytes : null, key.value, held.notes, function (done, all) {
      say("正在核验… " + done + " / " + all, "Checking…");
    }).then(function (line) {
      var a = JSON.parse(line);
      if (a.error) refused(a.error);
      else ofFigures(a.report);
    });
  }

  // All that is held, judged anew: a key typed later counts for files that came earlier.
  function judge() {
    if (!held.alone.length && !held.log && !held.statement) {
      if (held.notes) say("已记下日志密钥更替记录，请再选择要核验的文件。", "The successions are noted: now choose a file to check.");
      return Promise.resolve();
    }
    say("正在核验…", "Checking…");
    return load().then(function () {
      out.textContent = "";
      held.alone.forEach(function (f) { one(f.name, f.bytes); });
      if (held.log) return ofLog();
      if (held.statement) one(held.statement.name, held.statement.bytes);
      return null;
    }).then(function () { say("核验完成，未联系服务器。", "Checked, without asking the server."); });
  }

  function alone(kind) { return kind === "evidence" || kind === "draw"; }

  function take(name, bytes) {
    var kind = liandanKind(bytes);
    if (kind === "succession") held.notes = new TextDecoder().decode(bytes);
    else if (kind === "log") held.log = { name: name, bytes: bytes };
    else if (kind === "statement") held.statement = { name: name, bytes: bytes };
    else held.alone.push({ name: name, bytes: bytes });
  }

  // Files that come together belong together. A statement and its export may also come one
  // after the other; what stands alone begins anew.
  function chosen(files) {
    if (!files.length) return;
    held.alone = [];
    var all = Array.prototype.slice.call(files);
    load().then(function () {
      var large = all.filter(function (f) { return f.size > liandanMaxExport; });
      if (large.length) throw new Error(large[0].name + "：超过 " + (liandanMaxExport >> 20) + " MiB，请用离线程序 use the offline program: liandan-verify --log-key VKEY --log EXPORT --statement FILE");
      return Promise.all(all.map(function (f) { return f.arrayBuffer().then(function (b) { return { name: f.name, bytes: new Uint8Array(b) }; }); }));
    }).then(function (read) {
      if (read.some(function (f) { return alone(liandanKind(f.bytes)); })) held.log = held.statement = null;
      read.forEach(function (f) { take(f.name, f.bytes); });
      return judge();
    }).catch(failed);
  }

  function failed(e) { say("没有完成：" + e.message, "Not done."); }

  function fetched() {
    say("正在下载证据…", "Fetching the evidence…");
    return fetch(box.dataset.bundle, { headers: { Accept: "application/json" } }).then(function (r) {
      if (!r.ok) throw new Error("HTTP " + r.status);
      return r.arrayBuffer();
    }).then(function (b) {
      return load().then(function () {
        held.alone = [];
        take(box.dataset.name, new Uint8Array(b));
        return judge();
      });
    });
  }

  document.getElementById("file").addEventListener("change", function (e) { chosen(e.target.files); });
  key.addEventListener("change", function () { judge().catch(failed); });
  document.addEventListener("dragover", function (e) { e.preventDefault(); });
  document.addEventListener("drop", function (e) {
    e.preventDefault();
    chosen(e.dataTransfer.files);
  });
  var again = document.getElementById("again");
  if (again) again.addEventListener("click", function () { fetched().catch(failed); });
  if (box.dataset.bundle) fetched().catch(failed);
  else load().then(function () { say("已就绪，请选择文件，或把文件拖到本页。", "Ready: choose a file, or drop it on this page."); }).catch(failed);
})();
