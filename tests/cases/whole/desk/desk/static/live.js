// Speaks just enough Socket.IO to watch one ticket.
const comments = document.getElementById("comments");
const address = location.origin.replace(/^http/, "ws") + "/socket.io/?EIO=4&transport=websocket";
const socket = new WebSocket(address);

socket.onmessage = ({ data }) => {
  if (data.startsWith("0")) socket.send("40");
  else if (data.startsWith("40")) socket.send("42" + JSON.stringify(["watch", Number(comments.dataset.ticket)]));
  else if (data === "2") socket.send("3");
  else if (data.startsWith("42")) {
    const [name, body] = JSON.parse(data.slice(2));
    if (name !== "comment") return;
    const line = document.createElement("li");
    line.textContent = body.text;
    comments.append(line);
  }
};
