/** Logs in to a Jupyter server by its form, as a person does; `in` when JupyterLab then opens. */
export async function jupyterLogin(url: string, password: string): Promise<"in" | "refused"> {
  const cookies = new Map<string, string>();
  const visit = async (path: string, form?: Record<string, string>) => {
    const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") };
    const body = form && new URLSearchParams(form);
    const answer = await fetch(url + path, {
      headers,
      redirect: "manual",
      ...(body === undefined ? {} : { method: "POST", body }),
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    return answer;
  };
  await visit("/login");
  await visit("/login?next=%2Flab", { password, _xsrf: cookies.get("_xsrf") ?? "" });
  return (await visit("/lab")).status === 200 ? "in" : "refused";
}
