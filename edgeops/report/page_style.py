"""The CSS of a page, such as a model card: light, dark, narrow and printed."""

STYLE = """
:root {
  color-scheme: light dark;
  --ink: #1f2328; --soft: #59636e; --paper: #ffffff; --panel: #f6f8fa; --rule: #d1d9e0;
  --good: #1a7f37; --bad: #cf222e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #f0f6fc; --soft: #9198a1; --paper: #0d1117; --panel: #151b23; --rule: #3d444d;
    --good: #3fb950; --bad: #f85149;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 1040px; padding: 24px 20px 64px;
  color: var(--ink); background: var(--paper);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif;
}
h1 { margin: 0; font-size: 30px; line-height: 1.2; }
h2 {
  margin: 44px 0 12px; padding-bottom: 6px;
  border-bottom: 1px solid var(--rule); font-size: 21px;
}
p { margin: 8px 0; max-width: 78ch; }
li { max-width: 76ch; margin: 4px 0; }
.short { font-size: 20px; line-height: 1.45; max-width: 62ch; }
.lead { color: var(--soft); font-size: 18px; }
.verdict {
  display: inline-block; margin: 10px 0 4px; padding: 3px 12px; border-radius: 999px;
  border: 1.5px solid; font-weight: 600;
}
.good { color: var(--good); } .bad { color: var(--bad); }
dl { margin: 12px 0; }
dl > div { display: grid; grid-template-columns: 210px 1fr; gap: 16px; padding: 5px 0; }
dl > div + div { border-top: 1px solid var(--rule); }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
dl.tiles { display: flex; flex-wrap: wrap; gap: 12px; }
dl.tiles > div {
  display: block; flex: 1 1 150px; padding: 12px 16px;
  background: var(--panel); border: 1px solid var(--rule); border-radius: 8px;
}
dl.tiles dt { font-size: 14px; }
dl.tiles dd { font-size: 24px; font-weight: 600; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; margin: 14px 0 22px; }
table { border-collapse: collapse; font-size: 14.5px; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 10px; text-align: left; border-bottom: 1px solid var(--rule); }
caption { padding: 6px 10px; text-align: left; color: var(--soft); }
th { color: var(--soft); font-weight: 600; vertical-align: bottom; }
td:first-child { white-space: nowrap; }
.number { text-align: right; white-space: nowrap; }
th.number { white-space: normal; }
.marked td { background: var(--panel); font-weight: 600; }
summary { cursor: pointer; color: var(--soft); }
figure { margin: 18px 0 34px; }
img {
  display: block; width: 100%; height: auto;
  background: #ffffff; border: 1px solid var(--rule); border-radius: 8px;
}
figcaption { margin-top: 8px; max-width: 88ch; color: var(--soft); font-size: 15px; }
@media (max-width: 640px) { dl > div { grid-template-columns: 1fr; gap: 0; } }
@media print {
  :root {
    --ink: #000000; --soft: #444444; --paper: #ffffff; --panel: #f3f3f3; --rule: #bbbbbb;
    --good: #1a7f37; --bad: #cf222e;
  }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  table { font-size: 8.5pt; }
  th, td { padding: 3px 6px; }
  .scroll { overflow: visible; }
  h2 { break-after: avoid; }
  img { max-width: 165mm; }
  figure, tr, dl > div { break-inside: avoid; }
}
"""
