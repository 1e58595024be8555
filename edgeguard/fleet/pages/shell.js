// What every page's script may use: the server's clock, times in words, and the theme.
window.edgeguard = (() => {
  const clock = { ahead: 0, now: Date.now(), state: null };
  const now = () => {
    if (clock.state === null && window.Vue) {
      clock.state = window.Vue.reactive({ now: Date.now() });
      setInterval(() => (clock.state.now = Date.now()), 5000);
    }
    return (clock.state ? clock.state.now : Date.now()) + clock.ahead;
  };
  const UNITS = [
    [31557600000, "y"],
    [2629800000, "mo"],
    [86400000, "d"],
    [3600000, "h"],
    [60000, "min"],
    [1000, "s"],
  ];
  const span = (ms) => {
    for (const [size, name] of UNITS) if (ms >= size) return `${Math.floor(ms / size)} ${name}`;
    return "0 s";
  };
  const two = (n) => String(n).padStart(2, "0");
  return {
    now,
    span,
    setServerTime: (ms) => (clock.ahead = ms - Date.now()),
    relative(ms) {
      const ago = now() - ms;
      if (Math.abs(ago) < 10000) return "now";
      return ago >= 0 ? `${span(ago)} ago` : `in ${span(-ago)}`;
    },
    exact(ms) {
      const t = new Date(ms);
      const offset = -t.getTimezoneOffset();
      const zone = offset ? `UTC${offset > 0 ? "+" : "−"}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}` : "UTC";
      return `${t.getFullYear()}-${two(t.getMonth() + 1)}-${two(t.getDate())} ${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())} ${zone}`;
    },
    replaceQuery(name, value) {
      const url = new URL(window.location.href);
      url.searchParams.set(name, value);
      history.replaceState({}, "", url);
    },
    rememberTheme: (theme) =>
      (document.cookie = `edgeguard_theme=${theme}; path=/; max-age=31536000; samesite=lax`),
  };
})();
