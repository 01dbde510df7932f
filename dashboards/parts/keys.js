export function render({ model, el: root }) {
  onKey(model, root, (key) => {
    if (!(model.state.keys ?? []).includes(key)) return false;
    model.send_msg({ do: "key", key });
    return true;
  });
}
