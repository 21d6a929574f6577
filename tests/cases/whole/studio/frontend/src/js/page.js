const list = document.getElementById("photos");

async function show() {
  list.replaceChildren(
    ...(await api.photos()).map((photo) => {
      const line = document.createElement("li");
      line.textContent = photo.name;
      for (const colour of photo.colours) {
        const swatch = document.createElement("span");
        swatch.className = "swatch";
        swatch.style.background = colour;
        line.append(swatch);
      }
      return line;
    }),
  );
}

document.getElementById("upload").onsubmit = async (event) => {
  event.preventDefault();
  await api.send(event.target);
  await show();
};
show();
