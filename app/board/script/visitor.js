// Who the visitor is, where the browser keeps no cookie: a frame on another site's page has a storage of its own.
const VISITOR = "unrolled_visitor";

// `token` is the session's, empty where a cookie does. What was kept before is told, and the session goes on with it.
// Returns whether the session knows who this is, now that it has been told all there is to tell.
function keepVisitor(token, tell) {
  if (!token) return true;
  try {
    const kept = localStorage.getItem(VISITOR);
    if (!kept) localStorage.setItem(VISITOR, token);
    else if (kept !== token) {
      tell(kept);
      return false;
    }
  } catch { /* the browser lets frames store nothing: the session's token serves as long as the session */ }
  return true;
}

// Where the visitor was last, for who comes back to the bare address; "" is the first page. No path: as the visitor's own
// cookie it belongs to where the app is served.
function rememberPlace(place) {
  if (place !== null) document.cookie = `unrolled_place=${place}; Max-Age=31536000; SameSite=Lax`;
}
