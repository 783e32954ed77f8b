// Written by graphmem install; removed by graphmem uninstall opencode.
// Asks graphmem at each moment and hands its answer to opencode. Without an answer, everything goes on.
import { spawn } from "node:child_process"

const COMMAND: string[] = [/* command */]
const LIMIT_MS = 2500

type Answer = { context?: string; deny?: string }

function ask(event: string, payload: object): Promise<Answer> {
  return new Promise((resolve) => {
    try {
      const child = spawn(COMMAND[0], [...COMMAND.slice(1), "on", "opencode", event], {
        stdio: ["pipe", "pipe", "ignore"],
      })
      const timer = setTimeout(() => child.kill(), LIMIT_MS)
      let text = ""
      child.stdout.on("data", (part) => (text += part))
      child.on("error", () => resolve({}))
      child.on("close", () => {
        clearTimeout(timer)
        try {
          resolve(text.trim() ? JSON.parse(text) : {})
        } catch {
          resolve({})
        }
      })
      child.stdin.on("error", () => {})
      child.stdin.end(JSON.stringify({ host: "opencode", event, ...payload }))
    } catch {
      resolve({})
    }
  })
}

export const Graphmem = async ({ directory }: { directory: string }) => {
  const started = new Set<string>()
  return {
    "chat.message": async (input: any, output: any) => {
      const session_id = input.sessionID
      const texts = (output.parts ?? []).filter((part: any) => part.type === "text" && !part.synthetic)
      const prompt = texts.map((part: any) => part.text).join("\n")
      const answers: Answer[] = []
      if (!started.has(session_id)) {
        started.add(session_id)
        answers.push(await ask("session.start", { session_id, cwd: directory, source: "startup" }))
      }
      answers.push(await ask("chat.message", { session_id, cwd: directory, prompt }))
      for (const { context } of answers) {
        if (context && texts.length)
          output.parts.push({ ...texts[0], id: `${texts[0].id}g${output.parts.length}`, text: context, synthetic: true })
      }
    },
    "tool.execute.before": async (input: any, output: any) => {
      const { deny } = await ask("tool.execute.before", {
        session_id: input.sessionID,
        cwd: directory,
        tool_name: input.tool,
        tool_input: output.args,
        tool_use_id: input.callID,
      })
      if (deny) throw new Error(deny)
    },
    "tool.execute.after": async (input: any, output: any) => {
      const { context } = await ask("tool.execute.after", {
        session_id: input.sessionID,
        cwd: directory,
        tool_name: input.tool,
        tool_input: input.args,
        tool_use_id: input.callID,
      })
      if (context) output.output = `${output.output}\n\n${context}`
    },
  }
}
