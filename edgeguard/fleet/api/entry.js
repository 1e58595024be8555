// Moves the secret of a link from the address (whose fragment browsers send to nobody) into the form.
const code = document.querySelector("input[name=code]");
if (code && location.hash.length > 1) {
  code.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
}
