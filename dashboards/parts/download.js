export function render({ model }) {
  const nameIn = (header) => {
    const name = /filename\*=UTF-8''([^;]+)/i.exec(header ?? "")?.[1];
    return name ? decodeURIComponent(name) : "";
  };

  const fetchFile = async (url) => {
    let status = 0;
    try {
      const answer = await fetch(`./${url}`, { credentials: "same-origin", redirect: "error" });
      status = answer.status;
      if (!answer.ok) throw new Error(String(status));
      const file = URL.createObjectURL(await answer.blob());
      const link = el("a", { href: file, download: nameIn(answer.headers.get("Content-Disposition")) });
      link.click();
      setTimeout(() => URL.revokeObjectURL(file), 60_000);
      model.send_msg({ do: "downloaded", url });
    } catch {
      model.send_msg({ do: "failed", url, status });
    }
  };

  model.on("msg:custom", (message) => message.do === "start" && fetchFile(message.url));
}
