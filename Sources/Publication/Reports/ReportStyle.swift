/// How reports look, beyond what all pages share.
enum ReportStyle {
    /// The pattern of what is withheld; charts refer to it.
    static let hatch: StaticString = """
        <svg class="defs" width="0" height="0" aria-hidden="true"><defs>\
        <pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" \
        patternTransform="rotate(45)"><rect class="hatch-back" width="5" height="5"></rect>\
        <rect class="hatch-line" width="1.6" height="5"></rect></pattern></defs></svg>
        """

    static let text: StaticString = """

        :root { --s1: #2b5a9e; --s2: #b0521a; --s3: #25764a; --s4: #84399b; --s5: #a8283a;
          --s6: #5b6472; --hatch: #6d7687; --chip: #e6ebf3; color-scheme: light dark; }
        @media (prefers-color-scheme: dark) {
          :root { --s1: #8fb8f2; --s2: #f0a36b; --s3: #7fd3a0; --s4: #d3a0e6; --s5: #f4a0a8;
            --s6: #a2adbd; --hatch: #8b96a8; --chip: #2b3442; } }
        :root:has(#look-light:checked) { color-scheme: light;
          --ink: #1c2330; --soft: #566072; --page: #ffffff; --panel: #f4f6f9; --line: #d4dae3;
          --accent: #2b5a9e; --s1: #2b5a9e; --s2: #b0521a; --s3: #25764a; --s4: #84399b;
          --s5: #a8283a; --s6: #5b6472; --hatch: #6d7687; --chip: #e6ebf3; }
        :root:has(#look-dark:checked) { color-scheme: dark;
          --ink: #e4e8ef; --soft: #a2adbd; --page: #14181f; --panel: #1e242e; --line: #39424f;
          --accent: #8fb8f2; --s1: #8fb8f2; --s2: #f0a36b; --s3: #7fd3a0; --s4: #d3a0e6;
          --s5: #f4a0a8; --s6: #a2adbd; --hatch: #8b96a8; --chip: #2b3442; }
        html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
        @media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
        header { max-width: 76rem; margin: 0 auto; padding: 1.25rem 1.25rem 0; }
        main { padding-top: .5rem; } main:focus { outline: none; }
        .defs { position: absolute; }
        .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden;
          clip-path: inset(50%); white-space: nowrap; }
        .skip { position: absolute; left: -100vw; top: .5rem; padding: .5rem 1rem; z-index: 3;
          background: var(--page); border: 1px solid var(--accent); border-radius: .35rem; }
        .skip:focus { left: .75rem; }
        a { color: var(--accent); text-underline-offset: .15em; text-decoration-thickness: 1px; }
        a:hover { text-decoration-thickness: 2px; }
        :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px;
          border-radius: .15rem; }
        .top { display: flex; flex-wrap: wrap; justify-content: space-between;
          align-items: center; gap: .5rem 1.5rem; }
        .kicker { margin: 0; color: var(--soft); font-size: .875rem; font-weight: 600;
          letter-spacing: .02em; }
        h1 { font-size: clamp(1.7rem, 1.2rem + 2vw, 2.4rem); letter-spacing: -.015em;
          margin: .75rem 0 1rem; overflow-wrap: anywhere; }
        h1 .soft { font-weight: 400; white-space: nowrap; }
        h2 { font-size: 1.4rem; letter-spacing: -.01em; border: 0; margin: 0 0 .25rem;
          padding: 0; overflow-wrap: anywhere; }
        h3 { margin: 2rem 0 .5rem; }
        section { margin-top: 2.5rem; padding-top: 2rem; border-top: 1px solid var(--line); }
        main > section:first-child { margin-top: 1rem; }
        .switch { display: flex; border: 1px solid var(--line); border-radius: .4rem;
          padding: 2px; margin: 0; font-size: .8125rem; }
        .switch label { position: relative; }
        .switch input { position: absolute; inset: 0; opacity: 0; margin: 0; width: 100%;
          height: 100%; cursor: pointer; }
        .switch span { display: block; padding: .25rem .65rem; border-radius: .25rem;
          color: var(--soft); }
        .switch input:checked + span { background: var(--chip); color: var(--ink);
          font-weight: 600; }
        .switch input:focus-visible + span { outline: 2px solid var(--accent);
          outline-offset: 1px; }
        .facts { display: grid; gap: .9rem 1.5rem; margin: 0;
          grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr));
          padding: 1rem 1.15rem; background: var(--panel); border-radius: .5rem; }
        .facts dt { font-size: .8125rem; } .facts dd { font-weight: 600; margin: 0; }
        nav ul { display: flex; flex-wrap: wrap; gap: .35rem 1.25rem; list-style: none;
          padding: 0; margin: 1.1rem 0 0; max-width: none; }
        nav a { display: inline-block; padding: .15rem 0; }
        .notice { border-left: .3rem solid var(--s2); background: var(--panel);
          padding: .75rem 1rem; border-radius: .25rem; max-width: none; font-weight: 600; }
        .note { font-size: .92rem; color: var(--soft); }
        .data { font-size: .875rem; margin: .5rem 0 0; }
        .charts { display: grid; gap: 2rem 3rem; margin: 1.5rem 0 2rem;
          grid-template-columns: repeat(auto-fit, minmax(min(100%, 27rem), 1fr)); }
        .chart { margin: 0; min-width: 0; max-width: 46rem; }
        .chart-title { font-weight: 600; margin: 0 0 .6rem; overflow-wrap: anywhere; }
        .axes { padding: .4rem .5rem 0 3.4rem; }
        .plot { display: block; width: 100%; overflow: visible; }
        .plot text { fill: var(--ink); font: 14px/1 system-ui, sans-serif;
          font-variant-numeric: tabular-nums; }
        .plot .tick { fill: var(--soft); font-size: 12px; }
        .grid { stroke: var(--line); } .base { stroke: var(--soft); }
        .guide { stroke: var(--soft); stroke-dasharray: 2 3; visibility: hidden; }
        .hit { fill: transparent; }
        .track { fill: var(--panel); } .bar { fill: var(--s1); }
        .plot .figure { font-weight: 600; }
        .plot .figure.withheld, .plot .figure.missing { fill: var(--soft); font-weight: 400;
          font-style: italic; }
        .hidden { stroke: var(--hatch); stroke-width: 1; }
        .hatch-back { fill: var(--page); } .hatch-line { fill: var(--hatch); }
        .unmeasured { fill: var(--page); stroke: var(--hatch); stroke-dasharray: 2 2; }
        .cross { stroke: var(--hatch); stroke-width: 2; fill: none; }
        .line { stroke-width: 2; stroke-linecap: round; }
        .s1 { stroke: var(--s1); } .s2 { stroke: var(--s2); } .s3 { stroke: var(--s3); }
        .s4 { stroke: var(--s4); } .s5 { stroke: var(--s5); } .s6 { stroke: var(--s6);
          stroke-dasharray: 5 5; }
        .mark { stroke: var(--page); stroke-width: 1.25; }
        .mark.small { transform: scale(.8); }
        .m1 { fill: var(--s1); } .m2 { fill: var(--s2); } .m3 { fill: var(--s3); }
        .m4 { fill: var(--s4); } .m5 { fill: var(--s5); } .m6 { fill: var(--s6); }
        .key { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; list-style: none; padding: 0;
          margin: .25rem 0 .5rem; font-size: .875rem; max-width: none; }
        .key li { display: flex; align-items: center; gap: .4rem; margin: 0;
          overflow-wrap: anywhere; }
        .swatch { width: 28px; height: 16px; flex: none; } .swatch.small { width: 14px; }
        .point { outline: none; }
        .point:focus-visible .guide, .point:hover .guide { visibility: visible; }
        .bars .point:hover .name, .bars .point:focus-visible .name { text-decoration: underline; }
        .bars .point:focus-visible .hit { stroke: var(--accent); stroke-width: 2; }
        .plot .tip { visibility: hidden; pointer-events: none; paint-order: stroke;
          stroke: var(--page); stroke-width: 6px; stroke-linejoin: round; font-size: 13px; }
        .point:focus-visible .tip, .js .point:hover .tip { visibility: visible; }
        .tip .when { font-weight: 600; }
        .tiles { display: grid; gap: .75rem; margin: 1.25rem 0;
          grid-template-columns: repeat(auto-fill, minmax(min(100%, 9rem), 1fr)); }
        .tile { border: 1px solid var(--line); border-radius: .5rem; padding: .7rem .9rem; }
        .tile dt { font-size: .875rem; overflow-wrap: anywhere; }
        .tile dd { margin: 0; }
        .tile .figure { font-size: 1.6rem; font-weight: 600; line-height: 1.25; margin: .15rem 0 0;
          font-variant-numeric: tabular-nums; letter-spacing: -.01em; }
        .tag { display: inline-block; font-size: .72rem; font-weight: 400; color: var(--soft);
          border: 1px solid var(--line); border-radius: 1rem; padding: 0 .45rem;
          white-space: nowrap; }
        td.withheld, td.missing, .tile.withheld .figure, .tile.missing .figure, .reading .withheld,
        .reading .missing { color: var(--soft); font-style: italic; }
        td.withheld, .tile.withheld, .reading .withheld { background: repeating-linear-gradient(
            -45deg, var(--panel) 0 4px, transparent 4px 8px); }
        .tile.withheld .figure, .tile.missing .figure { font-size: 1.3rem; font-weight: 400;
          line-height: 1.54; }
        .tile.missing { border-style: dashed; }
        .zero { color: var(--soft); }
        .reach { font-size: .8em; font-weight: 400; color: var(--soft); }
        .reach { font-size: .8em; font-weight: 400; color: var(--soft); }
        sup { font-size: .75em; line-height: 0; margin-left: .15em; }
        table:not(.figures) thead th { white-space: normal; vertical-align: bottom; }
        h2 + .scroll caption, h3 + .scroll caption, p + .scroll table:not(.figures) caption {
          position: absolute; clip-path: inset(50%); }
        .figures { width: auto; min-width: min(100%, 34rem); }
        .figures td, .figures th { padding: .4rem .75rem; }
        .figures tbody tr:hover { background: var(--panel); }
        .figures thead th { vertical-align: bottom; position: sticky; top: 0;
          background: var(--page); box-shadow: inset 0 -2px var(--line); z-index: 1; }
        .figures thead .tag { display: block; width: max-content; margin: .15rem 0 0 auto; }
        .scroll:has(.figures) { max-height: 36rem; overflow: auto; position: relative;
          width: fit-content; max-width: 100%; }
        .sort { font: inherit; color: inherit; background: none; border: 0; padding: .1rem 0;
          cursor: pointer; white-space: nowrap; min-height: 24px; }
        .sort:hover { color: var(--ink); text-decoration: underline; }
        .sort::after { content: "\\2195"; display: inline-block; width: 1em; margin-left: .2em;
          text-align: center; opacity: .7; }
        [aria-sort=ascending] .sort::after { content: "\\2191"; opacity: 1; }
        [aria-sort=descending] .sort::after { content: "\\2193"; opacity: 1; }
        [aria-sort=ascending] .sort, [aria-sort=descending] .sort { color: var(--ink); }
        .search { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem .75rem;
          font-size: .92rem; margin: 1rem 0 .25rem; }
        .search input { font: inherit; color: var(--ink); background: var(--page);
          border: 1px solid var(--soft); border-radius: .3rem; padding: .3rem .6rem;
          width: 16rem; max-width: 100%; }
        .search output { color: var(--soft); }
        .reasons { display: block; font-size: .875rem; margin: .75rem 0; }
        .reasons div, .reading div { display: flex; gap: .6rem; margin: .2rem 0; }
        .reasons dt { font-style: italic; min-width: 1em; }
        .reading { display: block; } .reading div { align-items: baseline; margin: .4rem 0; }
        .reading dt { flex: none; width: 7rem; color: var(--ink); }
        .reading .number { display: inline-block; padding: .05rem .5rem; border-radius: .2rem; }
        .reading .told { font-weight: 600; }
        @page { margin: 16mm 14mm; }
        @media print {
          :root { color-scheme: light !important; --ink: #000 !important; --soft: #333 !important;
            --page: #fff !important; --panel: #eee !important; --line: #aaa !important;
            --accent: #123a75 !important; --s1: #2b5a9e !important; --s2: #b0521a !important;
            --s3: #25764a !important; --s4: #84399b !important; --s5: #a8283a !important;
            --s6: #5b6472 !important; --hatch: #555 !important; --chip: #ddd !important; }
          body { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
          header { padding: 0; max-width: none; }
          .switch, .skip, nav, .data, .search { display: none; }
          .sort::after { content: none; }
          .scroll:has(.figures) { max-height: none; overflow: visible; }
          .figures thead th { position: static; }
          section { margin-top: 1.5rem; padding-top: 1rem; }
          .chart, .tile { break-inside: avoid; }
          .charts { grid-template-columns: repeat(2, 1fr); gap: 1.25rem 2rem; }
          .charts:has(> :only-child) { grid-template-columns: 1fr; }
          td.withheld, .tile.withheld, .reading .withheld { background: var(--panel); }
          .figures { min-width: 0; } thead th, thead th.number { white-space: normal; }
          td, th { overflow-wrap: anywhere; }
          table { font-size: 8.5pt; } td, th { padding-right: .4rem; } }

        """
}
