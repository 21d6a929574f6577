const list = document.getElementById("messages");
const scheme = location.protocol === "https:" ? "wss" : "ws";
const socket = new WebSocket(`${scheme}://${location.host}/ws/rooms/${list.dataset.room}/`);

socket.onmessage = ({ data }) => {
  const { who, text } = JSON.parse(data);
  const line = document.createElement("li");
  line.textContent = `${who}: ${text}`;
  list.append(line);
};

document.getElementById("say").onsubmit = (event) => {
  event.preventDefault();
  const { who, text } = Object.fromEntries(new FormData(event.target));
  socket.send(JSON.stringify({ who, text }));
};
