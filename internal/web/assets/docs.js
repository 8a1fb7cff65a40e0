// Runs an operation of the contract against this server, with the session that the browser
// has. What changes something asks first. Answers are put on the page as text, never as HTML.
"use strict";
(function () {
  var form = document.getElementById("run"), answer = document.getElementById("answer");
  if (!form || !window.fetch) return;
  form.hidden = false;
  document.getElementById("no-script").hidden = true;
  var body = document.getElementById("body"), type = document.getElementById("type"), sure = document.getElementById("sure");

  function add(parent, tag, text, cls) {
    var e = document.createElement(tag);
    if (text) e.textContent = text;
    if (cls) e.className = cls;
    parent.appendChild(e);
    return e;
  }
  function say(zh, en, cls) {
    answer.textContent = "";
    var p = add(answer, "p", zh, cls);
    var s = add(p, "span", en);
    s.lang = "en";
  }
  // seek lists what a pointer leads to; * is any item.
  function seek(value, names) {
    if (value === undefined || value === null) return [];
    if (!names.length) return [String(value)];
    var rest = names.slice(1);
    if (names[0] !== "*") return seek(value[names[0]], rest);
    return value.reduce(function (all, v) { return all.concat(seek(v, rest)); }, []).filter(function (v, i, all) { return all.indexOf(v) === i; });
  }
  // find takes the steps of a finder one after the other; where one leads to several things,
  // the next is tried with each until it finds something.
  function find(steps, before) {
    var parts = steps[0].split(" ");
    return fetch(parts[0].replace("{}", encodeURIComponent(before)), {headers: {Accept: "application/json"}}).then(function (r) {
      return r.ok ? r.json() : null;
    }).then(function (v) {
      var found = seek(v, parts[1].split("/").slice(1)).slice(0, 20);
      if (steps.length === 1) return found[0];
      return found.reduce(function (sofar, one) {
        return sofar.then(function (got) { return got === undefined ? find(steps.slice(1), one) : got; });
      }, Promise.resolve(undefined));
    });
  }
  form.querySelectorAll("button[data-finder]").forEach(function (b) {
    b.addEventListener("click", function () {
      find(b.dataset.finder.split("\n"), "").then(function (found) {
        if (found !== undefined) document.getElementById(b.dataset.for).value = found;
        else say("没有找到您能看的。", "None found that is yours to see.", "trouble");
      }, function () { say("连接不上服务器。", "The server cannot be reached.", "trouble"); });
    });
  });
  form.querySelectorAll("button[data-example]").forEach(function (b) {
    b.addEventListener("click", function () {
      type.value = b.dataset.example;
      body.value = b.querySelector("template").content.textContent;
    });
  });
  var first = form.querySelector("button[data-example]");
  if (first) first.click();

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    if (sure && !sure.checked) {
      say("先勾选“我知道”，再运行。", "Tick the box first: this changes data.", "trouble");
      return;
    }
    var path = form.dataset.path, query = new URLSearchParams(), headers = {}, method = form.dataset.method;
    form.querySelectorAll("[data-in]").forEach(function (f) {
      var v = f.value.trim();
      if (f.dataset.in === "path") path = path.replace("{" + f.name + "}", f.name === "path" ? encodeURI(v) : encodeURIComponent(v));
      else if (v !== "" && f.dataset.in === "query") query.set(f.name, v);
      else if (v !== "") headers[f.name] = v;
    });
    if (method !== "GET" && form.dataset.csrf) headers["X-CSRF-Token"] = form.dataset.csrf;
    var ask = {method: method, headers: headers};
    if (body) {
      headers["Content-Type"] = type.value;
      ask.body = body.value;
    }
    if (sure) sure.checked = false;
    var url = path + (String(query) ? "?" + query : "");
    say("正在运行……", "Running…");
    fetch(url, ask).then(function (r) {
      return r.blob().then(function (b) { return show(url, method, r, b); });
    }).catch(function () { say("连接不上服务器。", "The server cannot be reached.", "trouble"); });
  });

  function show(url, method, r, blob) {
    var kind = r.headers.get("Content-Type") || "";
    answer.textContent = "";
    add(answer, "p", method + " " + url, "request");
    add(answer, "p", r.status + " " + kind, r.ok ? "done" : "trouble").id = "status";
    var id = r.headers.get("X-Request-Id");
    if (id) add(answer, "p", "X-Request-Id: " + id, "hint");
    if (!blob.size) return;
    if (!/json|text|yaml|xml|jose/.test(kind)) {
      var a = add(answer, "a", "保存 " + blob.size + " 字节 · save " + blob.size + " bytes", "button");
      a.href = URL.createObjectURL(blob);
      a.download = form.dataset.path.split("/").pop().replace(/[{}]/g, "") || "answer";
      return;
    }
    return blob.text().then(function (text) {
      if (/json$/.test(kind.split(";")[0])) {
        try { text = JSON.stringify(JSON.parse(text), null, 2); } catch (e) { /* as it came */ }
      }
      var more = text.length > 200000;
      var pre = add(answer, "pre");
      pre.id = "said";
      pre.tabIndex = 0;
      add(pre, "code", more ? text.slice(0, 200000) : text);
      if (more) add(answer, "p", "只显示前 200000 个字符 · the first 200,000 characters", "hint");
    });
  }
})();
