// The box with the link. A page that did not come over HTTPS may not write to the clipboard by itself: there the text is
// selected and copied as by hand.
async function copied(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    field.focus();
    field.select();
    return document.execCommand("copy");
  }
}

export default function ({ data, parentElement }) {
  const find = (name) => parentElement.querySelector(`.us-${name}`), field = find("link"), note = find("note");
  const said = find("said");
  if (field.value !== data.url) {
    field.value = data.url;
    find("picture").innerHTML = data.picture;
    said.textContent = "Or point a camera at the picture.";
  }
  note.textContent = data.note;
  note.hidden = !data.note;
  field.onfocus = () => field.select();
  find("copy").onclick = async () => {
    said.textContent = (await copied(field)) ? "Copied." : "The browser did not let us copy it: press Ctrl+C or ⌘C.";
  };
}
