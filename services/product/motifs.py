"""The drawings that product pictures are made of, as SVG fragments on a 400 x 400 canvas with the floor at y = 310.

Each takes the colours {main}, {dark}, {light} and {accent}.
"""

PARCEL = (
    '<path d="M110 170 200 130l90 40v100l-90 40-90-40z" fill="{main}"/>'
    '<path d="M200 210l90-40v100l-90 40z" fill="{dark}"/>'
    '<path d="M110 170 200 130l90 40-90 40z" fill="{light}"/>'
    '<path d="M146 154l90 40v34l18-8v-34l-90-40z" fill="{accent}"/>'
)

MOTIFS = {
    "mug": (
        '<path d="M262 180h22a40 40 0 0 1 0 80h-30" fill="none" stroke="{dark}" stroke-width="18"/>'
        '<path d="M120 150h150v110a50 50 0 0 1-50 50h-50a50 50 0 0 1-50-50z" fill="{main}"/>'
        '<ellipse cx="195" cy="150" rx="75" ry="18" fill="{dark}"/>'
        '<ellipse cx="195" cy="153" rx="62" ry="12" fill="#4a3226"/>'
        '<path d="M120 215h150v20H120z" fill="{accent}"/><path d="M138 178v70" stroke="{light}" stroke-width="10"/>'
        '<path d="M170 120q-14-20 0-38t0-38M215 120q-14-20 0-38t0-38"'
        ' fill="none" stroke="#fff" stroke-width="7" opacity=".7"/>'
    ),
    "pan": (
        '<path d="M255 235l110-38" stroke="{accent}" stroke-width="20"/>'
        '<path d="M255 235l40-14" stroke="{dark}" stroke-width="20"/>'
        '<path d="M60 225h210l-18 60a34 34 0 0 1-32 25H110a34 34 0 0 1-32-25z" fill="{main}"/>'
        '<ellipse cx="165" cy="225" rx="105" ry="24" fill="{dark}"/>'
        '<ellipse cx="165" cy="230" rx="86" ry="15" fill="{main}"/>'
        '<path d="M86 252l12 36" stroke="{light}" stroke-width="8"/>'
    ),
    "kettle": (
        '<path d="M140 190a66 74 0 0 1 132 0" fill="none" stroke="{accent}" stroke-width="16"/>'
        '<path d="M270 250q40-10 46-62l24-6" fill="none" stroke="{main}" stroke-width="22"/>'
        '<path d="M146 190h120q38 50 28 96a30 30 0 0 1-28 24H146a30 30 0 0 1-28-24q-10-46 28-96z" fill="{main}"/>'
        '<path d="M152 190a54 26 0 0 1 108 0z" fill="{dark}"/><circle cx="206" cy="160" r="11" fill="{accent}"/>'
        '<path d="M144 216q-16 32-6 66" fill="none" stroke="{light}" stroke-width="9"/>'
    ),
    "desk-lamp": (
        '<path d="M205 165l90 150h-190z" fill="#fff3c4" opacity=".55"/>'
        '<rect x="215" y="296" width="110" height="14" fill="{dark}"/>'
        '<path d="M270 298 305 190 205 110" fill="none" stroke="{dark}" stroke-width="11"/>'
        '<circle cx="305" cy="190" r="11" fill="{accent}"/><path d="M165 90l62-6 26 66-98 28z" fill="{main}"/>'
        '<path d="M155 178l98-28 2 10q-44 32-96 26z" fill="#ffe9a0"/>'
        '<path d="M180 102l-8 58" stroke="{light}" stroke-width="8"/>'
    ),
    "table-lamp": (
        '<circle cx="200" cy="165" r="130" fill="#fff3c4" opacity=".45"/>'
        '<path d="M150 90h100l40 110H110z" fill="{main}"/>'
        '<path d="M150 90h24l-24 110h-40z" fill="{light}"/><path d="M192 200h16v26h-16z" fill="{accent}"/>'
        '<path d="M200 222q46 20 40 56a34 32 0 0 1-16 32h-48a34 32 0 0 1-16-32q-6-36 40-56z" fill="{dark}"/>'
    ),
    "pendant": (
        '<path d="M140 205h120l70 125H70z" fill="#fff3c4" opacity=".55"/>'
        '<path d="M200 0v96" stroke="{dark}" stroke-width="6"/>'
        '<rect x="184" y="80" width="32" height="30" fill="{accent}"/>'
        '<path d="M90 205a110 100 0 0 1 220 0z" fill="{main}"/>'
        '<path d="M112 192a92 80 0 0 1 46-66" fill="none" stroke="{light}" stroke-width="10"/>'
        '<ellipse cx="200" cy="205" rx="110" ry="14" fill="{dark}"/>'
        '<ellipse cx="200" cy="208" rx="44" ry="12" fill="#ffe9a0"/>'
    ),
    "leafy": (
        '<path d="M200 240V110M200 220q-60-20-70-80M200 225q60-20 74-72"'
        ' fill="none" stroke="#3f6b3f" stroke-width="7"/>'
        '<path d="M200 120q-44-40 0-90 44 50 0 90z" fill="#5f9e5a"/>'
        '<path d="M132 150q-62-4-62-66 58 2 62 66z" fill="#4c8a4c"/>'
        '<path d="M272 160q4-64 68-66 0 60-68 66z" fill="#6fb068"/>'
        '<path d="M166 212q-60 20-92-26 56-30 92 26z" fill="#5f9e5a"/>'
        '<path d="M234 216q52 26 90-14-50-38-90 14z" fill="#4c8a4c"/><path d="M140 232h120l-16 78h-88z" fill="{main}"/>'
        '<path d="M132 226h136v22H132z" fill="{dark}"/><path d="M158 258l8 40" stroke="{light}" stroke-width="8"/>'
    ),
    "blades": (
        '<path d="M190 240Q150 150 130 90q66 60 78 150z" fill="#4c8a4c"/>'
        '<path d="M196 240Q190 120 206 40q28 90 12 200z" fill="#6fb068"/>'
        '<path d="M206 240Q230 150 276 80q0 90-50 160z" fill="#5f9e5a"/>'
        '<path d="M186 240Q140 210 92 190q60-4 110 50z" fill="#6fb068"/>'
        '<path d="M214 240q40-44 96-52-50 22-80 52z" fill="#4c8a4c"/>'
        '<path d="M145 238h110v52a20 20 0 0 1-20 20h-70a20 20 0 0 1-20-20z"'
        ' fill="{main}"/><path d="M145 258h110v14H145z" fill="{accent}"/><path d="M145 238h110v10H145z" fill="{dark}"/>'
    ),
    "cactus": (
        '<path d="M160 240V120a40 40 0 0 1 80 0v120z" fill="#5f9e5a"/>'
        '<path d="M166 190h-26a26 26 0 0 1-26-26v-20M234 170h24a26 26 0 0 0 26-26v-22"'
        ' fill="none" stroke="#5f9e5a" stroke-width="26"/>'
        '<path d="M184 110v120M216 110v120" stroke="#3f6b3f" stroke-width="5" stroke-dasharray="4 12"/>'
        '<circle cx="200" cy="78" r="15" fill="{accent}"/><circle cx="284" cy="112" r="9" fill="{accent}"/>'
        '<path d="M140 236h120l-18 74h-84z" fill="{main}"/><path d="M132 228h136v22H132z" fill="{dark}"/>'
    ),
    "notebook": (
        '<rect x="118" y="82" width="172" height="228" rx="10" fill="#fffaf0"/>'
        '<rect x="110" y="76" width="172" height="228" rx="10" fill="{main}"/>'
        '<path d="M120 76h22v228h-22a10 10 0 0 1-10-10V86a10 10 0 0 1 10-10z" fill="{dark}"/>'
        '<path d="M254 76h14v228h-14z" fill="{accent}"/>'
        '<rect x="164" y="112" width="72" height="44" rx="4" fill="{light}"/>'
        '<path d="M176 128h48M176 141h30" stroke="{dark}" stroke-width="4"/>'
    ),
    "pencil": (
        '<g transform="rotate(24 200 200)"><path d="M128 96h34v170l-17 40-17-40z" fill="{main}"/>'
        '<path d="M128 266l17 40 17-40z" fill="#f0d9b5"/>'
        '<path d="M139 292l6 14 6-14z" fill="#333"/><path d="M128 80h34v18h-34z" fill="{accent}"/>'
        '<path d="M140 98v168" stroke="{light}" stroke-width="5"/></g>'
        '<g transform="rotate(-14 220 200)"><path d="M222 96h34v170l-17 40-17-40z" fill="{dark}"/>'
        '<path d="M222 266l17 40 17-40z" fill="#f0d9b5"/>'
        '<path d="M233 292l6 14 6-14z" fill="#333"/><path d="M222 80h34v18h-34z" fill="{light}"/></g>'
    ),
    "envelope": (
        '<rect x="112" y="96" width="176" height="120" rx="4" fill="#fffaf0"/>'
        '<path d="M136 122h128M136 142h128M136 162h80" stroke="{dark}" stroke-width="5"/>'
        '<path d="M80 160v140a10 10 0 0 0 10 10h220a10 10 0 0 0 10-10V160l-120 90z" fill="{main}"/>'
        '<path d="M80 306l96-76M320 306l-96-76" stroke="{dark}" stroke-width="5"/>'
        '<circle cx="200" cy="262" r="20" fill="{accent}"/>'
    ),
    "headphones": (
        '<path d="M110 240v-50a90 90 0 0 1 180 0v50" fill="none" stroke="{dark}" stroke-width="18"/>'
        '<path d="M126 150a82 82 0 0 1 148 0" fill="none" stroke="{light}" stroke-width="6"/>'
        '<rect x="86" y="210" width="58" height="100" rx="26" fill="{main}"/>'
        '<rect x="256" y="210" width="58" height="100" rx="26" fill="{main}"/>'
        '<rect x="132" y="222" width="24" height="76" rx="12" fill="{accent}"/>'
        '<rect x="244" y="222" width="24" height="76" rx="12" fill="{accent}"/>'
    ),
    "speaker": (
        '<rect x="130" y="70" width="140" height="240" rx="14" fill="{main}"/>'
        '<path d="M144 70h-6a8 8 0 0 0-8 14v212a14 14 0 0 0 14 14z" fill="{dark}"/>'
        '<circle cx="202" cy="122" r="26" fill="{dark}"/><circle cx="202" cy="122" r="11" fill="{light}"/>'
        '<circle cx="202" cy="226" r="56" fill="{dark}"/><circle cx="202" cy="226" r="40" fill="{accent}"/>'
        '<circle cx="202" cy="226" r="16" fill="{light}"/>'
    ),
    "radio": (
        '<path d="M270 150 312 60" stroke="{dark}" stroke-width="6"/>'
        '<path d="M140 150v-24h120v24" fill="none" stroke="{accent}" stroke-width="12"/>'
        '<rect x="80" y="150" width="240" height="160" rx="18" fill="{main}"/>'
        '<circle cx="150" cy="230" r="52" fill="{dark}"/>'
        '<path d="M112 212h76M104 230h92M112 248h76" stroke="{light}" stroke-width="5"/>'
        '<rect x="222" y="178" width="78" height="30" rx="4" fill="#fffaf0"/>'
        '<path d="M252 178v30" stroke="#d33" stroke-width="4"/><circle cx="261" cy="258" r="26" fill="{accent}"/>'
        '<path d="M261 258V238" stroke="{dark}" stroke-width="5"/>'
    ),
    "rucksack": (
        '<path d="M168 96V74h64v22" fill="none" stroke="{dark}" stroke-width="12"/>'
        '<path d="M114 170a86 84 0 0 1 172 0v120a20 20 0 0 1-20 20H134a20 20 0 0 1-20-20z" fill="{main}"/>'
        '<path d="M114 170a86 84 0 0 1 172 0v20q-86 34-172 0z" fill="{dark}"/>'
        '<rect x="140" y="232" width="120" height="62" rx="10" fill="{light}"/>'
        '<path d="M140 252h120" stroke="{dark}" stroke-width="5"/>'
        '<path d="M152 180v44M248 180v44" stroke="{accent}" stroke-width="13"/>'
    ),
    "bottle": (
        '<rect x="178" y="52" width="44" height="34" rx="6" fill="{dark}"/>'
        '<path d="M184 86h32v18h-32z" fill="{light}"/>'
        '<path d="M184 100h32q34 22 34 60v126a24 24 0 0 1-24 24h-52a24 24 0 0 1-24-24V160q0-38 34-60z" fill="{main}"/>'
        '<path d="M150 200h100v56H150z" fill="{accent}"/><path d="M168 150v130" stroke="{light}" stroke-width="9"/>'
    ),
    "suitcase": (
        '<path d="M168 120V62h64v58" fill="none" stroke="{dark}" stroke-width="10"/>'
        '<rect x="118" y="112" width="164" height="184" rx="20" fill="{main}"/>'
        '<path d="M152 112v184M186 112v184M220 112v184M250 112v184" stroke="{dark}" stroke-width="5" opacity=".6"/>'
        '<path d="M118 168h164v18H118z" fill="{accent}"/><path d="M136 130v140" stroke="{light}" stroke-width="7"/>'
        '<circle cx="146" cy="302" r="10" fill="{dark}"/><circle cx="254" cy="302" r="10" fill="{dark}"/>'
    ),
}
