// Talking to the server, and telling when it refuses.

const notice = document.getElementById("notice");
let hiding;

export function tell(sentence) {
  notice.textContent = sentence;
  notice.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => { notice.hidden = true; }, 5000);
}

/** Press a button of the server's. Its header is what no other page can send. */
export async function act(path, body = {}) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "X-Dunning-Page": "1", "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) tell((await answer.json()).error);
  } catch {
    tell("The demo has ended.");
  }
  document.dispatchEvent(new Event("acted"));
}
