/* What the pages do by themselves where JavaScript runs; without it they work as they stand.
   All times come from the server as seconds to go; all sentences stand in the page's data. */
(() => {
  "use strict";

  const root = document.documentElement;
  if (root.dataset.phoneauthReady) return; // the form of a host page may bring the file twice
  root.dataset.phoneauthReady = "1";

  const POLL_EVERY = 2000;
  const POLL_FOR = 60000;
  const POLL_TIMEOUT = 5000;
  const SEND_TIMEOUT = 15000;

  const find = (selector, within = document) => within.querySelector(selector);
  const findAll = (selector, within = document) => [...within.querySelectorAll(selector)];

  const announce = (text) => {
    const place = find("[data-phoneauth-announce]");
    if (place) place.textContent = text;
  };

  /* ---- waits ---------------------------------------------------------------------------- */

  const clockText = (seconds) => {
    const two = (n) => String(n).padStart(2, "0");
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    const tail = two(seconds % 60);
    return hours ? `${hours}:${two(minutes)}:${tail}` : `${minutes}:${tail}`;
  };

  /* Ticks against a deadline, not by counting ticks: a sleeping tab stays right. */
  const countdown = (seconds, onTick, onEnd) => {
    let deadline = 0;
    let timer = 0;
    const tick = () => {
      const milliseconds = deadline - Date.now();
      const left = Math.ceil(milliseconds / 1000);
      clearTimeout(timer);
      if (left <= 0) return onEnd();
      onTick(clockText(left));
      timer = setTimeout(tick, milliseconds - (left - 1) * 1000);
    };
    const start = (from) => {
      deadline = Date.now() + from * 1000;
      tick();
    };
    if (seconds > 0) start(seconds);
    return { start, stop: () => clearTimeout(timer) };
  };

  const fill = (text, time) => text.replace("{time}", time);

  const waitOf = (element) => Number(element.dataset.phoneauthWait) || 0;

  /* The sentence of a refusal counts down; a live region that changed each second would
     be read out each second, so it is a timer, and its end is announced once. */
  for (const place of findAll("[data-phoneauth-wait]")) {
    place.setAttribute("role", "timer");
    place.setAttribute("aria-live", "off");
    countdown(
      waitOf(place),
      (time) => { place.textContent = fill(place.dataset.phoneauthText, time); },
      () => {
        place.textContent = place.dataset.phoneauthOver;
        announce(place.dataset.phoneauthOver);
      },
    );
  }

  const holdBack = (button, seconds, announced) => {
    const label = button.textContent;
    const release = () => {
      button.disabled = false;
      button.textContent = label;
    };
    const wait = countdown(
      seconds,
      (time) => {
        button.disabled = true;
        button.textContent = fill(button.dataset.phoneauthText, time);
      },
      () => {
        release();
        if (announced) announce(announced);
      },
    );
    return {
      start: (from) => (from > 0 ? wait.start(from) : (wait.stop(), release())),
      release: () => { wait.stop(); release(); },
    };
  };

  /* ---- forms: one submit at a time ------------------------------------------------------ */

  const leaving = []; // what must stop when the page goes away or a form is on its way
  const arriving = []; // what starts again when the page is taken out of the back/forward cache
  const leave = () => leaving.forEach((stop) => stop());
  let sent = null;
  let pressed = null; // its button, which turns: a form may have several
  let sentTimer = 0;

  const settle = () => {
    clearTimeout(sentTimer);
    if (sent) sent.removeAttribute("aria-busy");
    if (pressed) pressed.removeAttribute("data-phoneauth-pressed");
    sent = pressed = null;
  };

  const resume = () => {
    settle();
    arriving.forEach((start) => start());
  };

  for (const form of findAll("form[data-phoneauth]")) {
    form.addEventListener("submit", (event) => {
      if (sent) return event.preventDefault();
      sent = form;
      form.setAttribute("aria-busy", "true");
      pressed = event.submitter || find('button[type="submit"]', form);
      if (pressed) pressed.setAttribute("data-phoneauth-pressed", "");
      sentTimer = setTimeout(resume, SEND_TIMEOUT); // a stopped or lost request may be repeated
      leave();
    });
  }
  addEventListener("pagehide", leave);
  addEventListener("pageshow", (event) => {
    if (event.persisted) resume();
  });

  /* ---- the number page ------------------------------------------------------------------ */

  const loginForm = find('form[data-phoneauth="login"]');
  const refusal = loginForm && find("[data-phoneauth-wait]", loginForm);
  if (refusal) {
    const phone = find('input[type="tel"]', loginForm);
    const first = phone.value;
    const hold = holdBack(find('button[type="submit"]', loginForm), waitOf(refusal));
    phone.addEventListener("input", () => {
      if (phone.value !== first) hold.release(); // the wait may be that number's own
    });
  }

  /* ---- the code page -------------------------------------------------------------------- */

  /* The code inside a pasted text: alone in any spacing, or the one run of as many digits. */
  const codeIn = (text, length) => {
    const bare = text.replace(/[\s\p{P}\p{Cf}]/gu, "");
    if (/^\p{Nd}+$/u.test(bare) && bare.length === length) return bare;
    const runs = (text.match(/\p{Nd}+/gu) || []).filter((run) => run.length === length);
    return new Set(runs).size === 1 ? runs[0] : "";
  };

  const readPastes = (input) => {
    input.addEventListener("paste", (event) => {
      const text = event.clipboardData ? event.clipboardData.getData("text") : "";
      const code = codeIn(text, Number(input.dataset.phoneauthLength));
      if (!code) return;
      event.preventDefault();
      input.value = code;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    });
  };

  /* The browser may hand the code over by itself (WebOTP). The page never waits for it. */
  const listenForCode = (form, input) => {
    if (!("OTPCredential" in window) || !navigator.credentials) return;
    let abort = null;
    const start = () => {
      const own = new AbortController();
      abort = own;
      navigator.credentials
        .get({ otp: { transport: ["sms"] }, signal: own.signal })
        .then((credential) => {
          if (own.signal.aborted || sent || !credential || !credential.code) return;
          input.value = credential.code;
          form.requestSubmit();
        })
        .catch(() => {}); // aborted, declined or not allowed here: the visitor types the code
    };
    leaving.push(() => abort.abort());
    arriving.push(start);
    start();
  };

  /* Asks how the message fares while that can still change and somebody looks at the page. */
  const followDelivery = (section, onNews) => {
    const until = Date.now() + POLL_FOR;
    let timer = 0;
    let request = null;
    let over = false; // the message's fate is known
    let away = false;

    const next = () => {
      clearTimeout(timer);
      if (!over && !away && Date.now() < until) timer = setTimeout(ask, POLL_EVERY);
    };
    const ask = async () => {
      if (document.hidden || request) return; // visibilitychange goes on
      request = new AbortController();
      const timeout = setTimeout(() => request.abort(), POLL_TIMEOUT);
      try {
        const answer = await fetch(section.dataset.phoneauthStatusUrl, {
          headers: { Accept: "application/json" },
          credentials: "same-origin",
          cache: "no-store",
          redirect: "error",
          signal: request.signal,
        });
        if (answer.ok) over = onNews(await answer.json());
        else if (answer.status < 500 && answer.status !== 429) over = true;
      } catch {
        // no answer this time; the next one may come
      } finally {
        clearTimeout(timeout);
        request = null;
      }
      next();
    };
    const stop = () => {
      away = true;
      clearTimeout(timer);
      if (request) request.abort();
    };
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) next();
    });
    leaving.push(stop);
    arriving.push(() => { away = false; next(); });
    next();
  };

  const codePage = (section) => {
    const form = find('form[data-phoneauth="verify"]', section);
    const input = find(".phoneauth-code", form);
    const delivery = find("[data-phoneauth-delivery-text]", section);
    const expiry = find("[data-phoneauth-expiry]", section);
    const resends = findAll('form[data-phoneauth="resend"] button', section);
    const facts = section.dataset;

    const end = (status) => {
      const panel = find("[data-phoneauth-ended]");
      if (!panel.hidden) return;
      leave();
      section.hidden = true;
      panel.hidden = false;
      for (const way of findAll("[data-phoneauth-when]", panel)) way.hidden = way.dataset.phoneauthWhen !== status;
      panel.tabIndex = -1;
      panel.focus();
    };

    const holds = resends.map((button) => (
      holdBack(button, Number(facts.phoneauthResendIn), button.dataset.phoneauthOver)
    ));
    const release = () => holds.forEach((hold) => hold.release());
    const life = countdown(
      Number(facts.phoneauthExpiresIn),
      (time) => { expiry.textContent = fill(expiry.dataset.phoneauthText, time); },
      () => { if (!sent) end("expired"); },
    );

    const show = (state) => {
      const text = delivery.getAttribute(`data-phoneauth-${state}`);
      if (text === null || delivery.dataset.state === state) return;
      delivery.dataset.state = state;
      delivery.textContent = text;
    };
    const isFinal = (state) => state !== "queued" && state !== "sent";

    if (facts.phoneauthDelivery === "failed") release();
    if (!isFinal(facts.phoneauthDelivery)) {
      followDelivery(section, (news) => {
        if (news.status !== "pending") {
          end(news.status);
          return true;
        }
        show(news.delivery);
        life.start(news.expires_in);
        if (news.delivery === "failed") release();
        else holds.forEach((hold) => hold.start(news.resend_in));
        return isFinal(news.delivery);
      });
    }
    readPastes(input);
    listenForCode(form, input);
  };

  const section = find("[data-phoneauth-pending]");
  if (section) codePage(section);

  /* ---- every page ----------------------------------------------------------------------- */

  const local = new Intl.DateTimeFormat(root.lang || undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of findAll("time[data-phoneauth-time]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) time.textContent = local.format(at);
  }
})();
