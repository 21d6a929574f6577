target "shop" {
  contexts = {
    base = "target:base"
  }
}
