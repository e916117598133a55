"use strict";

// Starts `sailc lsp` for .sail files and hands it what the editor sees.

const { existsSync } = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

const ID = "sail-benchmark";
let client;

/** The setting, else the workspace's own environment, else the PATH. */
function command() {
  const configured = vscode.workspace.getConfiguration(ID).get("command");
  if (configured) return configured;
  const own = process.platform === "win32" ? ["Scripts", "sailc.exe"] : ["bin", "sailc"];
  for (const folder of vscode.workspace.workspaceFolders ?? []) {
    const candidate = path.join(folder.uri.fsPath, ".venv", ...own);
    if (existsSync(candidate)) return candidate;
  }
  return "sailc";
}

async function stop() {
  const running = client;
  client = undefined;
  await running?.stop();
}

async function start() {
  await stop();
  const run = { command: command(), args: ["lsp"] };
  client = new LanguageClient(ID, "SAIL", run, { documentSelector: [{ language: ID }] });
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    vscode.window.showErrorMessage(
      `SAIL: cannot start "${run.command} lsp" (${error.message ?? error}). ` +
        `Install it with: pip install 'sailc[lsp]', or set ${ID}.command.`,
    );
  }
}

/** A workspace that is not trusted starts nothing: its .venv could hold anything. */
async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand(`${ID}.restart`, () => vscode.workspace.isTrusted && start()),
    vscode.workspace.onDidGrantWorkspaceTrust(start),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (vscode.workspace.isTrusted && change.affectsConfiguration(`${ID}.command`)) start();
    }),
  );
  if (vscode.workspace.isTrusted) await start();
}

module.exports = { activate, deactivate: stop };
