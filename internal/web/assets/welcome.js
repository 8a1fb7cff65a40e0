// The one-time code comes in the address's fragment, which browsers do not send to the
// server. It goes into the field and out of the address bar and the history.
"use strict";
(function () {
  var code = location.hash.slice(1);
  var field = document.getElementById("code");
  if (!code || !field) return;
  history.replaceState(null, "", location.pathname);
  if (/^[0-9A-Za-z*~$=-]{1,32}$/.test(code)) field.value = code;
})();
