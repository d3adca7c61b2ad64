/* Times in the reader's own zone and words; a form is sent once. Without it all works as it is. */
(() => {
  "use strict";

  const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of document.querySelectorAll("time[datetime]")) {
    time.textContent = local.format(new Date(time.dateTime));
  }

  const forms = [...document.querySelectorAll("form[data-once]")];
  for (const form of forms) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "1";
    });
  }
  /* Back may bring the page as it was left */
  addEventListener("pageshow", () => forms.forEach((form) => delete form.dataset.sent));
})();
