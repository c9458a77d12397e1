// Shows the page of what is being written, half a second after the last key.
const source = document.getElementById("source");
const preview = document.getElementById("preview");
let timer;

async function show() {
  const response = await fetch("/cv", { method: "POST", body: source.value });
  preview.srcdoc = await response.text();
}

if (source) {
  source.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 500);
  });
}
