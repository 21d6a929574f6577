const basket = JSON.parse(localStorage.getItem("basket") || "[]");

function add(product, count = 1) {
  basket.push({ product, count });
  localStorage.setItem("basket", JSON.stringify(basket));
}

window.basket = { add, lines: basket };
