// What led to a page is no part of its address: links that are copied name the page alone.

export function canonical() {
  const own = document.querySelector("link[rel=canonical]");
  if (own && location.search) history.replaceState(history.state, "", own.href + location.hash);
}
