// A button that reads a code by the camera into the search field. The reader is the phone
// app's and is loaded when the button is pressed; the page works without this script.
"use strict";
(function () {
  var form = document.querySelector("form[data-scanner]");
  if (!form || !navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) return;
  var seen = form.querySelector(".seen");
  var field = form.querySelector("#q");
  var button = document.createElement("button");
  button.type = "button";
  button.id = "scan";
  var english = document.createElement("span");
  english.lang = "en";
  var leave = null;

  function says(zh, en) {
    english.textContent = en;
    button.replaceChildren(zh + " ", english);
  }

  function shut() {
    if (leave) leave();
    leave = null;
    seen.replaceChildren();
    says("扫码", "Scan with the camera");
  }

  button.addEventListener("click", function () {
    if (leave) return shut();
    leave = function () {};
    says("关闭相机", "Switch the camera off");
    import(form.dataset.scanner).then(function (m) {
      if (!leave) return; // switched off meanwhile
      var s = m.scanner(async function (text) {
        field.value = text;
        shut();
        form.requestSubmit();
      });
      leave = s.leave;
      seen.replaceChildren(s.body[0], s.body[1]);
    }).catch(function () {
      shut();
      var p = document.createElement("p");
      p.setAttribute("role", "alert");
      p.textContent = "没有装上扫码程序，请输入编号。 The reader could not be loaded: type the code.";
      seen.replaceChildren(p);
    });
  });
  addEventListener("pagehide", shut);
  shut();
  seen.after(button);
})();
