const api = {
  async photos() {
    return (await fetch("/api/photos")).json();
  },
  async send(form) {
    const answer = await fetch("/api/photos", { method: "POST", body: new FormData(form) });
    if (!answer.ok) throw new Error(`${answer.status}`);
    return answer.json();
  },
};
