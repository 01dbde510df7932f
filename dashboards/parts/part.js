
/** Gives the part above its `model.state`, which travels as one text. */
export function render({ model: bokeh, el }) {
  let text = null;
  let state = {};
  const model = {
    get state() {
      if (text !== bokeh.sent) state = JSON.parse((text = bokeh.sent));
      return state;
    },
    on: (what, then) => bokeh.on(what === "state" ? "sent" : what, then),
    send_msg: (message) => bokeh.send_msg(message),
  };
  return part({ model, el });
}
