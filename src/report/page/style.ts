/** The page's style: light and dark, narrow and wide, paper. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1c1c1c;--soft:#595959;--ground:#fff;--line:#c9c9c9;--raised:#f5f5f5;--link:#0b57a4}
@media (prefers-color-scheme:dark){:root{--ink:#ececec;--soft:#b4b4b4;--ground:#16181b;--line:#4a4d52;--raised:#22252a;--link:#8ab8f0}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:80rem;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground)}
h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}
p,ul,pre,figure,body>form{max-width:64rem}
h2{font-size:1.3rem;margin:2.2rem 0 .5rem;border-top:1px solid var(--line);padding-top:1rem}
h3{font-size:1.05rem;margin:1.6rem 0 .4rem}
h1,h2,h3,p,li,figcaption,summary,label{overflow-wrap:anywhere}
a{color:var(--link)}
nav ul{padding-left:1.2rem;columns:2 16rem}
.soft,figcaption,.notes{color:var(--soft);font-size:.9rem}
.notes{padding-left:1.2rem}
.scroll{overflow-x:auto;margin:.6rem 0}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);padding-bottom:.3rem}
th,td{text-align:left;vertical-align:top;padding:.25rem .6rem;border-bottom:1px solid var(--line);max-width:24rem;overflow-wrap:break-word}
thead th{border-bottom:2px solid var(--ink)}
tbody th{font-weight:normal}
td.number{text-align:right;white-space:nowrap}
figure{margin:1.2rem 0}
.drawing{overflow-x:auto}
.drawing svg{display:block;width:100%;min-width:34rem;height:auto}
details{margin:.4rem 0}
pre{background:var(--raised);padding:.7rem;overflow-x:auto;font-size:.8rem;border:1px solid var(--line)}
body>form{background:var(--raised);border:1px solid var(--line);padding:.6rem 1rem;margin:1rem 0}
body>form,.drawing form{display:none}
.js body>form{display:block}
fieldset{border:0;padding:0;margin:.3rem 0;display:flex;flex-wrap:wrap;gap:.2rem 1rem}
legend{float:left;font-weight:600;margin-right:1rem}
label{display:inline-flex;gap:.35rem;align-items:baseline}
[hidden]{display:none!important}
#hover{position:absolute;z-index:2;max-width:22rem;padding:.4rem .6rem;font-size:.8rem;white-space:pre-line;overflow-wrap:anywhere;color:var(--ink);background:var(--ground);border:1px solid var(--ink);pointer-events:none}
@media screen and (max-width:60rem){table{min-width:44rem}}
@media print{:root{color-scheme:light;--ink:#000;--soft:#333;--ground:#fff;--line:#999;--raised:#fff;--link:#000}
body,p,ul,pre,figure{max-width:none}body{padding:0;font-size:10pt}nav,.js body>form{display:none}figure,tr{break-inside:avoid}h2,h3,p:has(+figure){break-after:avoid}
.scroll,.drawing{overflow:visible}.drawing svg{min-width:0}details:not([open]),figcaption a{display:none}pre{white-space:pre-wrap;overflow-wrap:anywhere}table{font-size:7.5pt}th,td{padding:.1rem .3rem}}
`;
