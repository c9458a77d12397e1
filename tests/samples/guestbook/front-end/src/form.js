/* Nobody sends an empty entry. */
document.querySelector("form").addEventListener("submit", (event) => {
  if (!event.target.words.value) event.preventDefault();
});
